#include <initializer_list>
#include <string_view>

#include "core/formats/hf_config_fields.h"

namespace fm {
namespace {

struct Rope {
    std::optional<double> theta;
    std::optional<Llama3RopeScaling> scaling;
};

void refuseOtherKeys(const HfFields& rope, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : rope.json().items()) {
        if (value.is_null()) continue;
        bool is_known = false;
        for (const std::string_view name : known) is_known = is_known || key == name;
        if (!is_known) rope.fail(key.c_str(), "is not understood for this rope type");
    }
}

// The value of rope_scaling (old) or rope_parameters (transformers 5, which adds rope_theta).
Rope readRope(const HfFields& rope) {
    Rope result;
    if (rope.find("rope_theta") != nullptr) result.theta = rope.number("rope_theta");
    if (rope.numberOr("partial_rotary_factor", 1) != 1) {
        rope.fail("partial_rotary_factor", "rotary embedding of only a part of the head is not supported");
    }
    // Files before transformers 4.43 say "type".
    const char* type_key = rope.find("rope_type") == nullptr && rope.find("type") != nullptr ? "type" : "rope_type";
    const std::string type = rope.text(type_key);
    if (rope.textOr("type", type) != type) rope.fail("type", "contradicts rope_type");
    if (type == "default") {
        refuseOtherKeys(rope, {"rope_type", "type", "rope_theta", "partial_rotary_factor"});
        return result;
    }
    if (type != "llama3") {
        rope.fail(type_key, "is " + quoted(type) + "; \"default\" and \"llama3\" are supported");
    }
    refuseOtherKeys(rope, {"rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor",
                           "high_freq_factor", "original_max_position_embeddings"});
    result.scaling =
        Llama3RopeScaling{rope.number("factor"), rope.number("low_freq_factor"), rope.number("high_freq_factor"),
                          rope.integer("original_max_position_embeddings")};
    return result;
}

bool same(const std::optional<Llama3RopeScaling>& a, const std::optional<Llama3RopeScaling>& b) {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->factor == b->factor && a->low_freq_factor == b->low_freq_factor &&
           a->high_freq_factor == b->high_freq_factor && a->original_max_position == b->original_max_position;
}

}  // namespace

void readHfRope(const HfFields& fields, ModelConfig& config) {
    constexpr double kClassDefaultTheta = 10000;  // of all three config classes
    const bool has_new = fields.find("rope_parameters") != nullptr;
    const bool has_old = fields.find("rope_scaling") != nullptr;
    const Rope parameters = has_new ? readRope(fields.object("rope_parameters")) : Rope{};
    const Rope scaling = has_old ? readRope(fields.object("rope_scaling")) : Rope{};
    if (has_new && has_old && !same(parameters.scaling, scaling.scaling)) {
        fields.fail("rope_scaling", "contradicts rope_parameters");
    }
    config.rope_scaling = has_new ? parameters.scaling : scaling.scaling;
    if (fields.numberOr("partial_rotary_factor", 1) != 1) {
        fields.fail("partial_rotary_factor", "rotary embedding of only a part of the head is not supported");
    }
    const bool has_theta = fields.find("rope_theta") != nullptr;
    config.rope_theta =
        has_theta ? fields.number("rope_theta") : parameters.theta.value_or(scaling.theta.value_or(kClassDefaultTheta));
    for (const Rope* rope : {&parameters, &scaling}) {
        if (rope->theta && *rope->theta != config.rope_theta) fields.fail("rope_theta", "contradicts rope_parameters");
    }
}

}  // namespace fm
