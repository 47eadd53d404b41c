// Specs of jobs as JSON.
#include "core/base/error.h"
#include "core/base/field_list_impl.h"
#include "core/engine/align_spec.h"
#include "core/engine/distill.h"
#include "core/engine/gates.h"
#include "core/engine/pretrain.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

template <class Spec>
static void readAs(const nlohmann::json& json) {
    Spec spec;
    if (std::vector<Problem> problems = specFromJson(json, spec); !problems.empty()) throw InputError(problems);
    Spec again;
    if (!specFromJson(specToJson(spec), again).empty()) throw std::logic_error("a spec does not read itself back");
}

// Which spec it is stands in the field "job".
static void read(const std::uint8_t* data, std::size_t bytes) {
    nlohmann::json json = nlohmann::json::parse(data, data + bytes, nullptr, false);
    if (!json.is_object()) throw WorldError("no object");
    const nlohmann::json job = json.value("job", nlohmann::json());
    json.erase("job");
    if (job == "align") return readAs<AlignSpec>(json);
    if (job == "distill") return readAs<DistillSpec>(json);
    if (job == "pretrain") {
        readAs<PretrainSpec>(json);
        PretrainSpec spec;
        specFromJson(json, spec);
        validate(spec);
        return;
    }
    GatesSpec spec;
    if (std::vector<Problem> problems = gatesSpecFromJson(json, spec); !problems.empty()) throw InputError(problems);
}

static std::string withJob(nlohmann::json json, const char* job) {
    json["job"] = job;
    return json.dump();
}

Target specTarget() {
    return {"spec", 192,
            [] {
                return std::vector<std::string>{
                    withJob(specToJson(GatesSpec{}), "gates"), withJob(specToJson(AlignSpec{}), "align"),
                    withJob(specToJson(DistillSpec{}), "distill"), withJob(specToJson(PretrainSpec{}), "pretrain")};
            },
            read, changeJson};
}

}  // namespace fm::fuzz
