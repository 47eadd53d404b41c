#include <algorithm>

#include "core/model/branches/gdn.h"
#include "core/model/branches/gla.h"
#include "core/model/branches/lightning.h"
#include "core/model/branches/mixer_names.h"

namespace fm {

const std::vector<const Mixer*>& mixers() {
    static const std::vector<const Mixer*> table = {&gdnMixer(), &lightningMixer(), &glaMixer()};
    return table;
}

const Mixer* findMixer(const std::string& name) {
    const auto found =
        std::find_if(mixers().begin(), mixers().end(), [&name](const Mixer* mixer) { return name == mixer->name; });
    return found == mixers().end() ? nullptr : *found;
}

std::vector<std::string> mixerNames() {
    std::vector<std::string> names;
    for (const Mixer* mixer : mixers()) names.emplace_back(mixer->name);
    return names;
}

const char* mixerHelp() {
    static const std::string help = [] {
        std::string text = "recurrence of the branches: ";
        for (std::size_t i = 0; i < mixers().size(); ++i) {
            if (i > 0) text += i + 1 == mixers().size() ? " or " : ", ";
            text += std::string(mixers()[i]->name) + " (" + mixers()[i]->summary + ")";
        }
        return text;
    }();
    return help.c_str();
}

}  // namespace fm
