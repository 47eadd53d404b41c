#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>

#include "core/base/error.h"
#include "core/formats/checkpoint_kinds.h"
#include "core/formats/format_error.h"
#include "core/formats/mapped_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/safetensors_index.h"

namespace fm {
namespace {

constexpr std::size_t kLongestConfig = 1 << 20;

ModelConfig readConfig(const std::string& path) {
    const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
    if (file->bytes().size() > kLongestConfig) failFormat(path, atByte(0), "is too long for a config.json");
    return parseHfConfig(std::string(file->text()), path);
}

// Buffers that old exporters stored and that follow from the config.
bool isDerivedBuffer(const std::string& name) { return name.ends_with(".self_attn.rotary_emb.inv_freq"); }

class HfCheckpoint final : public Checkpoint {
public:
    explicit HfCheckpoint(const std::string& path) : path_(path), config_(readConfig(path + "/config.json")) {
        const std::string single = path + "/model.safetensors";
        const std::string index = path + "/model.safetensors.index.json";
        const bool has_single = std::filesystem::exists(single);
        const bool has_index = std::filesystem::exists(index);
        if (has_single && has_index) {
            failFormat(path, "model.safetensors.index.json",
                       "lies beside a model.safetensors, so the weights are there twice; remove one of the two");
        }
        if (!has_single && !has_index) {
            throw InputError(Problem{path, "a folder with config.json but no model.safetensors(.index.json)",
                                     "a checkpoint with safetensors weights (convert *.bin files first)"});
        }
        if (has_single) {
            addFile(single);
        } else {
            addShards(index);
        }
        std::sort(tensors_.begin(), tensors_.end(),
                  [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
    }

    const std::string& path() const override { return path_; }
    const ModelConfig& config() const override { return config_; }
    const std::vector<TensorView>& tensors() const override { return tensors_; }
    const TensorView* find(const std::string& name) const override {
        const auto found = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                            [](const TensorView& t, const std::string& n) { return t.name < n; });
        return found == tensors_.end() || found->name != name ? nullptr : &*found;
    }
    std::string format() const override { return "safetensors"; }
    void read(const TensorView& view, std::span<float> out) const override { dequantise(view, out); }
    std::string contentHash() const override {
        std::call_once(hash_once_, [this] { hash_ = hashOfContent(config_, tensors_); });
        return hash_;
    }

private:
    const SafetensorsFile& addFile(const std::string& path) {
        const SafetensorsFile& file = files_.emplace_back(SafetensorsFile::open(path));
        for (const TensorView& tensor : file.tensors()) {
            if (!isDerivedBuffer(tensor.name)) tensors_.push_back(tensor);
        }
        return file;
    }

    // The index and the shards must tell the same story, tensor for tensor.
    void addShards(const std::string& index) {
        const std::map<std::string, std::string> shard_of = readSafetensorsIndex(index);
        std::set<std::string> shards;
        for (const auto& [tensor, shard] : shard_of) shards.insert(shard);
        std::size_t found = 0;
        for (const std::string& shard : shards) {
            for (const TensorView& tensor : addFile(path_ + "/" + shard).tensors()) {
                const auto entry = shard_of.find(tensor.name);
                if (entry == shard_of.end() || entry->second != shard) {
                    failFormat(index, "tensor " + quoted(tensor.name), "is in " + shard + " but not listed there");
                }
                ++found;
            }
        }
        if (found != shard_of.size()) failMissing(index, shard_of);
    }

    [[noreturn]] void failMissing(const std::string& index, const std::map<std::string, std::string>& shard_of) const {
        std::set<std::string> present;
        for (const SafetensorsFile& file : files_) {
            for (const TensorView& tensor : file.tensors()) present.insert(tensor.name);
        }
        const auto missing = std::find_if(shard_of.begin(), shard_of.end(),
                                          [&](const auto& entry) { return !present.contains(entry.first); });
        failFormat(index, "tensor " + quoted(missing->first), "is listed but not in " + missing->second);
    }

    std::string path_;
    ModelConfig config_;
    std::vector<SafetensorsFile> files_;
    std::vector<TensorView> tensors_;
    mutable std::once_flag hash_once_;
    mutable std::string hash_;
};

}  // namespace

std::unique_ptr<Checkpoint> openHfFolder(const std::string& path) { return std::make_unique<HfCheckpoint>(path); }

}  // namespace fm
