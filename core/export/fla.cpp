#include "core/export/fla.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "core/model/branch_tensors.h"

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

Json fullAttention(const ModelConfig& config, const Plan& plan) {
    if (plan.budget() == 0) return nullptr;
    return {{"layers", plan.fullLayers()}, {"num_heads", config.num_heads}, {"num_kv_heads", config.num_kv_heads},
            {"qkv_bias", config.qkv_bias}, {"window_size", nullptr},        {"rope_theta", config.rope_theta}};
}

// A model class of FLA, by what it has for a kind of branch.
struct FlaClass {
    const char* mixer;  // Mixer::name
    const char* architecture;
    const char* model_type;
    const char* output_norm;  // its name for o_norm
    bool kv_heads;            // k and v may have fewer heads than q
    Json (*linear_keys)(const ModelConfig&, const BranchSpec&);
};

Json deltaNetKeys(const ModelConfig& config, const BranchSpec&) {
    return {{"expand_v", 1.0},
            {"use_gate", true},
            {"use_short_conv", false},
            {"conv_size", 4},
            {"allow_neg_eigval", false},
            {"head_dim", config.head_dim},
            {"num_heads", config.num_heads},
            {"num_v_heads", nullptr}};
}

Json glaKeys(const ModelConfig& config, const BranchSpec& spec) {
    return {{"expand_k", 1.0},
            {"expand_v", 1.0},
            {"num_heads", config.num_heads},
            {"num_kv_heads", keyHeads(spec, config)},
            {"feature_map", nullptr},
            {"use_short_conv", false},
            {"conv_size", 4},
            {"use_output_gate", true},
            {"clamp_min", nullptr},
            {"use_gk", true},
            {"use_gv", false},
            {"elementwise_affine", true}};
}

constexpr FlaClass kFlaClasses[] = {
    {"gdn", "GatedDeltaNetForCausalLM", "gated_deltanet", "o_norm.weight", false, deltaNetKeys},
    {"gla", "GLAForCausalLM", "gla", "g_norm_swish_gate.weight", true, glaKeys},
};

// A hybrid without linear layers is one of the first class.
const FlaClass& classOf(const HybridModel& hybrid) {
    if (hybrid.plan.hasLinearLayer())
        for (const FlaClass& fla_class : kFlaClasses)
            if (std::string(fla_class.mixer) == hybrid.branches->spec.kind->name) return fla_class;
    return kFlaClasses[0];
}

// Every key is written: defaults of the config classes have changed between releases.
std::string configJson(const HybridModel& hybrid, DType dtype) {
    const FlaClass& fla_class = classOf(hybrid);
    const ModelConfig& config = hybrid.weights->config;
    Json json = {{"architectures", {fla_class.architecture}},
                 {"model_type", fla_class.model_type},
                 {"dtype", torchDtypeName(dtype)},
                 {"attn_mode", "chunk"},
                 {"hidden_size", config.hidden_size}};
    json.update(fla_class.linear_keys(config, hybrid.branches ? hybrid.branches->spec : BranchSpec{}));
    json.update({{"num_hidden_layers", config.num_layers},
                 {"norm_eps", config.rms_norm_eps},
                 {"hidden_ratio", 4},
                 {"intermediate_size", config.intermediate_size},
                 {"hidden_act", "swish"},
                 {"max_position_embeddings", config.max_position},
                 {"attn", fullAttention(config, hybrid.plan)},
                 {"use_cache", true},
                 {"tie_word_embeddings", false},
                 {"initializer_range", 0.02},
                 {"fuse_norm", true},
                 {"fuse_swiglu", true},
                 {"fuse_cross_entropy", true},
                 {"fuse_linear_cross_entropy", false},
                 {"use_l2warp", false},
                 {"vocab_size", config.vocab_size},
                 {"attnres_block_size", nullptr}});
    addTokenIds(config, json);
    return json.dump(2) + "\n";
}

void addProjection(const std::string& name, const Linear& linear, DraftTensors& out) {
    out.addMatrix(name + ".weight", linear.weight_OI);
    if (linear.bias_O.defined()) out.addMatrix(name + ".bias", linear.bias_O);
}

void addFullLayer(const std::string& prefix, const AttentionWeights& attn, DraftTensors& out) {
    addProjection(prefix + "q_proj", attn.q, out);
    addProjection(prefix + "k_proj", attn.k, out);
    addProjection(prefix + "v_proj", attn.v, out);
    addProjection(prefix + "o_proj", attn.o, out);
}

// The branch's tensors have FLA's names already.
void addLinearLayer(const std::string& prefix, const HybridModel& hybrid, std::size_t index, DraftTensors& out) {
    const FlaClass& fla_class = classOf(hybrid);
    const BranchWeights& branch = hybrid.branches->layers[index];
    for (const BranchTensor& tensor : tensorsOf(*hybrid.branches->spec.kind)) {
        const bool of_kv_heads = tensor.shared == &BranchWeights::k_OD || tensor.shared == &BranchWeights::v_OD;
        const bool expanded = of_kv_heads && !fla_class.kv_heads;
        const at::Tensor weight =
            expanded ? expandHeadRows(tensor.in(branch), hybrid.weights->config) : tensor.in(branch);
        const bool norm = tensor.shared == &BranchWeights::out_norm_d;
        const std::string name = prefix + (norm ? fla_class.output_norm : tensor.about.name);
        isMatrix(tensor.about.role) ? out.addMatrix(name, weight) : out.addFp32(name, weight);
    }
}

void addLayer(const HybridModel& hybrid, std::size_t index, DraftTensors& out) {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    const LayerWeights& layer = hybrid.weights->layers[index];
    out.addFp32(prefix + "attn_norm.weight", layer.attn_norm_D);
    if (hybrid.plan.kinds[index] == LayerKind::Full) {
        addFullLayer(prefix + "attn.", layer.attn, out);
    } else {
        addLinearLayer(prefix + "attn.", hybrid, index, out);
    }
    out.addFp32(prefix + "mlp_norm.weight", layer.mlp_norm_D);
    out.addMatrix(prefix + "mlp.gate_proj.weight", layer.mlp.gate_ID);
    out.addMatrix(prefix + "mlp.up_proj.weight", layer.mlp.up_ID);
    out.addMatrix(prefix + "mlp.down_proj.weight", layer.mlp.down_DI);
}

}  // namespace

Verdict judgeFla(const HybridModel& hybrid) {
    Verdict verdict;
    verdict.loaders = {
        "flash-linear-attention on a GPU with Triton and flash-attn; with transformers 5 a release that "
        "contains its pull request 754"};
    const ModelConfig& config = hybrid.weights->config;
    judgeBranches(hybrid, "fla", verdict);
    if (config.qk_norm) {
        verdict.refuse(
            "The teacher normalises q and k per head, and full attention in fla has no such norm; "
            "use the format qwen3_5.");
    }
    if (config.num_heads * config.head_dim != config.hidden_size) {
        verdict.refuse("The teacher's head size is " + std::to_string(config.head_dim) +
                       ", and full attention in fla has hidden_size / num_heads = " +
                       std::to_string(config.hidden_size) + " / " + std::to_string(config.num_heads) + ".");
    }
    if (config.rope_scaling) {
        verdict.refuse("The teacher scales its rotary frequencies (llama3), and full attention in fla cannot.");
    }
    judgeEpsilon(hybrid, verdict);
    return verdict;
}

ExportDraft draftFla(const HybridModel& hybrid, DType dtype) {
    const DecoderWeights& weights = *hybrid.weights;
    ExportDraft draft{configJson(hybrid, dtype), DraftTensors(dtype)};
    draft.tensors.addMatrix("model.embeddings.weight", weights.embed_VD);
    for (std::size_t i = 0; i < weights.layers.size(); ++i) addLayer(hybrid, i, draft.tensors);
    draft.tensors.addFp32("model.norm.weight", weights.final_norm_D);
    // Always its own tensor: transformers 5 rejects the class's list of tied keys.
    draft.tensors.addMatrix("lm_head.weight", weights.head_VD);
    return draft;
}

}  // namespace fm
