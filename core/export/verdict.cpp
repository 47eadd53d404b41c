#include "core/export/verdict.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

Json finiteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace

const char* toString(Exactness exactness) {
    switch (exactness) {
        case Exactness::Exact:
            return "exact";
        case Exactness::Approximate:
            return "approximate";
        case Exactness::NotRepresentable:
            break;
    }
    return "not_representable";
}

void Verdict::refuse(const std::string& reason) {
    exactness = Exactness::NotRepresentable;
    reasons.push_back(reason);
}

void Verdict::approximate(const std::string& reason) {
    if (exactness == Exactness::Exact) exactness = Exactness::Approximate;
    reasons.push_back(reason);
}

Json toJson(const LogitError& error) {
    return {{"max_abs_logit_error", finiteOrNull(error.max_abs)},
            {"lowest_cosine", finiteOrNull(error.cosine)},
            {"greedy_agreement", finiteOrNull(error.greedy_agreement)}};
}

Json toJson(const Verdict& verdict) {
    Json json = {{"verdict", toString(verdict.exactness)},
                 {"reasons", verdict.reasons},
                 {"remarks", verdict.remarks},
                 {"loaders", verdict.loaders}};
    if (verdict.as_stored) json["measured"]["as_stored"] = toJson(*verdict.as_stored);
    if (verdict.cast_to_bf16) json["measured"]["cast_to_bf16"] = toJson(*verdict.cast_to_bf16);
    return json;
}

}  // namespace fm
