#include "core/export/reload_mixers.h"

namespace fm {

const FlaMixer& reloadGatedDeltanet();  // one file each
const FlaMixer& reloadGla();

namespace {

const std::vector<const FlaMixer*>& flaMixers() {
    static const std::vector<const FlaMixer*> table = {&reloadGatedDeltanet(), &reloadGla()};
    return table;
}

}  // namespace

const FlaMixer* flaMixer(const std::string& model_type) {
    for (const FlaMixer* mixer : flaMixers())
        if (model_type == mixer->model_type) return mixer;
    return nullptr;
}

std::vector<std::string> flaModelTypes() {
    std::vector<std::string> types;
    for (const FlaMixer* mixer : flaMixers()) types.emplace_back(mixer->model_type);
    return types;
}

}  // namespace fm
