#include <algorithm>
#include <mutex>

#include "core/formats/checkpoint_kinds.h"
#include "core/formats/format_error.h"
#include "core/formats/gguf.h"
#include "core/formats/gguf_config.h"
#include "core/formats/gguf_names.h"

namespace fm {
namespace {

class GgufCheckpoint final : public Checkpoint {
public:
    explicit GgufCheckpoint(GgufFile file) : file_(std::move(file)), config_(configFromGguf(file_)) {
        tensors_.reserve(file_.tensors().size());
        for (const TensorView& tensor : file_.tensors()) {
            if (tensor.name == "rope_freqs.weight") continue;  // it has become config_.rope_scaling
            tensors_.push_back(tensor);
            // What has no HF name keeps its own, and accountForTensors() reports it as unused.
            tensors_.back().name = hfNameOfGguf(tensor.name).value_or(tensor.name);
        }
    }

    const std::string& path() const override { return file_.path(); }
    const ModelConfig& config() const override { return config_; }
    const std::vector<TensorView>& tensors() const override { return tensors_; }
    const TensorView* find(const std::string& name) const override {
        const auto found =
            std::find_if(tensors_.begin(), tensors_.end(), [&](const TensorView& t) { return t.name == name; });
        return found == tensors_.end() ? nullptr : &*found;
    }
    std::string format() const override { return "gguf"; }

    void read(const TensorView& view, std::span<float> out) const override {
        const std::int64_t heads = permutedHeads(view);
        if (heads == 0) return dequantise(view, out);
        readPermuted(view, heads, out);
    }

    std::string contentHash() const override {
        std::call_once(hash_once_, [this] { hash_ = hashOfContent(config_, tensors_); });
        return hash_;
    }

private:
    // 0: rows are in HF order. Converters reorder q and k of the llama architecture alone, so that the two rows of a
    // rotary pair lie next to each other.
    std::int64_t permutedHeads(const TensorView& view) const {
        if (config_.family != ModelFamily::Llama) return 0;
        if (view.name.ends_with(".self_attn.q_proj.weight")) return config_.num_heads;
        if (view.name.ends_with(".self_attn.k_proj.weight")) return config_.num_kv_heads;
        return 0;
    }

    // In HF, row `half * pairs + pair` of a head is half `half` of rotary pair `pair`; in GGUF that is row
    // `2 * pair + half`.
    void readPermuted(const TensorView& view, std::int64_t heads, std::span<float> out) const {
        const std::int64_t pairs = config_.head_dim / 2;
        const std::int64_t columns = view.shape.back();
        if (view.shape.size() != 2 || view.shape.front() != heads * config_.head_dim) {
            failFormat(path(), "tensor " + quoted(view.name), "its rows do not fit the attention heads of the config");
        }
        const std::size_t row_bytes = view.bytes.size() / static_cast<std::size_t>(view.shape.front());
        TensorView row{view.name, view.dtype, {columns}, {}};
        for (std::int64_t head = 0; head < heads; ++head) {
            for (std::int64_t half = 0; half < 2; ++half) {
                for (std::int64_t pair = 0; pair < pairs; ++pair) {
                    const std::int64_t from = head * config_.head_dim + 2 * pair + half;
                    const std::int64_t to = head * config_.head_dim + half * pairs + pair;
                    row.bytes = view.bytes.subspan(static_cast<std::size_t>(from) * row_bytes, row_bytes);
                    dequantise(row,
                               out.subspan(static_cast<std::size_t>(to * columns), static_cast<std::size_t>(columns)));
                }
            }
        }
    }

    GgufFile file_;
    ModelConfig config_;
    std::vector<TensorView> tensors_;
    mutable std::once_flag hash_once_;
    mutable std::string hash_;
};

}  // namespace

std::unique_ptr<Checkpoint> openGguf(const std::string& path) {
    return std::make_unique<GgufCheckpoint>(GgufFile::open(path));
}

}  // namespace fm
