#include "core/export/verdict.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

Json finiteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// null stands for what was not finite.
LogitError errorFromJson(const Json& json) {
    LogitError error;
    const auto read = [&](const char* key, double& value) {
        if (!json.at(key).is_null()) value = json.at(key).get<double>();
    };
    read("max_abs_logit_error", error.max_abs);
    read("lowest_cosine", error.cosine);
    read("greedy_agreement", error.greedy_agreement);
    return error;
}

Exactness exactnessNamed(const std::string& name) {
    for (const Exactness exactness : {Exactness::Exact, Exactness::Approximate})
        if (name == toString(exactness)) return exactness;
    return Exactness::NotRepresentable;
}

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

Verdict verdictFromJson(const std::string& text, const std::string& path) {
    try {
        const Json json = Json::parse(text);
        Verdict verdict;
        verdict.exactness = exactnessNamed(json.at("verdict").get<std::string>());
        json.at("reasons").get_to(verdict.reasons);
        json.at("remarks").get_to(verdict.remarks);
        json.at("loaders").get_to(verdict.loaders);
        const Json measured = json.value("measured", Json::object());
        if (measured.contains("as_stored")) verdict.as_stored = errorFromJson(measured.at("as_stored"));
        if (measured.contains("cast_to_bf16")) verdict.cast_to_bf16 = errorFromJson(measured.at("cast_to_bf16"));
        return verdict;
    } catch (const Json::exception&) {
        throw FormatError(path + ": is not the verdict of an export; export again into another folder");
    }
}

}  // namespace fm
