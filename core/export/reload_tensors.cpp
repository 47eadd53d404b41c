#include "core/export/reload_tensors.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <set>

#include "core/export/reload_mixers.h"
#include "core/model/tensor_bytes.h"

namespace fm {
namespace {

using Shapes = std::vector<NamedShape>;

void addFlaLayer(const std::string& at, bool full, const ReloadConfig& c, Shapes& out) {
    out.push_back({at + "attn_norm.weight", {c.width}});
    out.push_back({at + "mlp_norm.weight", {c.width}});
    const std::string attn = at + "attn.";
    if (full) {
        const std::int64_t kv_rows = c.kv_heads * c.head_dim;
        out.push_back({attn + "q_proj.weight", {c.width, c.width}});
        out.push_back({attn + "k_proj.weight", {kv_rows, c.width}});
        out.push_back({attn + "v_proj.weight", {kv_rows, c.width}});
        out.push_back({attn + "o_proj.weight", {c.width, c.width}});
        if (!c.qkv_bias) return;
        out.push_back({attn + "q_proj.bias", {c.width}});
        out.push_back({attn + "k_proj.bias", {kv_rows}});
        out.push_back({attn + "v_proj.bias", {kv_rows}});
        return;
    }
    c.mixer->require(attn, c, out);
}

void addQwenLayer(const std::string& at, bool full, const ReloadConfig& c, Shapes& out) {
    out.push_back({at + "input_layernorm.weight", {c.width}});
    out.push_back({at + "post_attention_layernorm.weight", {c.width}});
    if (full) {
        const std::string attn = at + "self_attn.";
        out.push_back({attn + "q_proj.weight", {c.heads * 2 * c.head_dim, c.width}});
        out.push_back({attn + "k_proj.weight", {c.kv_heads * c.head_dim, c.width}});
        out.push_back({attn + "v_proj.weight", {c.kv_heads * c.head_dim, c.width}});
        out.push_back({attn + "o_proj.weight", {c.width, c.heads * c.head_dim}});
        out.push_back({attn + "q_norm.weight", {c.head_dim}});
        out.push_back({attn + "k_norm.weight", {c.head_dim}});
        return;
    }
    const std::string mix = at + "linear_attn.";
    const std::int64_t channels = 2 * c.keyRows() + c.valueRows();
    out.push_back({mix + "in_proj_qkv.weight", {channels, c.width}});
    out.push_back({mix + "in_proj_z.weight", {c.valueRows(), c.width}});
    out.push_back({mix + "in_proj_b.weight", {c.value_heads, c.width}});
    out.push_back({mix + "in_proj_a.weight", {c.value_heads, c.width}});
    out.push_back({mix + "conv1d.weight", {channels, 1, c.conv_taps}});
    out.push_back({mix + "A_log", {c.value_heads}});
    out.push_back({mix + "dt_bias", {c.value_heads}});
    out.push_back({mix + "norm.weight", {c.value_dim}});
    out.push_back({mix + "out_proj.weight", {c.width, c.valueRows()}});
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

bool isPlainFloat(DType dtype) {
    return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16 || dtype == DType::BF16;
}

}  // namespace

std::vector<NamedShape> requiredTensors(const ReloadConfig& config) {
    const bool fla = config.format == ReloadFormat::Fla;
    Shapes out;
    out.push_back({fla ? "model.embeddings.weight" : "model.embed_tokens.weight", {config.vocab, config.width}});
    for (std::size_t i = 0; i < config.full.size(); ++i) {
        const std::string at = "model.layers." + std::to_string(i) + ".";
        (fla ? addFlaLayer : addQwenLayer)(at, config.full[i], config, out);
        out.push_back({at + "mlp.gate_proj.weight", {config.mlp_width, config.width}});
        out.push_back({at + "mlp.up_proj.weight", {config.mlp_width, config.width}});
        out.push_back({at + "mlp.down_proj.weight", {config.width, config.mlp_width}});
    }
    out.push_back({"model.norm.weight", {config.width}});
    if (!config.tied) out.push_back({"lm_head.weight", {config.vocab, config.width}});
    return out;
}

ReloadTensors::ReloadTensors(const std::string& folder, Cast cast)
    : path_((std::filesystem::path(folder) / "model.safetensors").string()),
      cast_(cast),
      file_(SafetensorsFile::open(path_)) {}

std::vector<std::string> ReloadTensors::problems(const ReloadConfig& config) const {
    std::vector<std::string> problems;
    std::set<std::string> known;
    for (const NamedShape& required : requiredTensors(config)) {
        known.insert(required.name);
        const TensorView* view = file_.find(required.name);
        if (view == nullptr) {
            problems.push_back("Tensor " + required.name + " is missing.");
        } else if (view->shape != required.shape) {
            problems.push_back("Tensor " + required.name + " has the shape " + shapeText(view->shape) +
                               "; config.json asks for " + shapeText(required.shape) + ".");
        } else if (!isPlainFloat(view->dtype)) {
            problems.push_back("Tensor " + required.name + " has the type " + toString(view->dtype) +
                               "; F32, F16 or BF16 was expected.");
        }
    }
    for (const TensorView& view : file_.tensors()) {
        if (!known.contains(view.name)) problems.push_back("Tensor " + view.name + " is used by no part of the model.");
    }
    return problems;
}

at::Tensor ReloadTensors::take(const std::string& name) const {
    const at::Tensor stored = tensorFromView(*file_.find(name), path_);
    return (cast_ == Cast::ToBf16 ? stored.to(at::kBFloat16) : stored).to(at::kDouble);
}

std::string ReloadTensors::lowestPrecision() const {
    DType lowest = DType::F32;
    for (const TensorView& view : file_.tensors()) {
        if (view.dtype == DType::BF16 || (view.dtype == DType::F16 && lowest == DType::F32)) lowest = view.dtype;
    }
    return toString(lowest);
}

}  // namespace fm
