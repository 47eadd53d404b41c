// An exported folder's config.json, read for checking the export: what the two formats define, independent of the
// exporters and of core/model. Tensor names and shapes are spelled out here a second time on purpose.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fm {

enum class ReloadFormat { Fla, Qwen3_5 };
struct FlaMixer;

struct ReloadConfig {
    ReloadFormat format = ReloadFormat::Fla;
    const FlaMixer* mixer = nullptr;  // of FLA's linear layers
    std::int64_t vocab = 0, width = 0, mlp_width = 0;
    std::int64_t heads = 0, kv_heads = 0, head_dim = 0;                       // full layers
    std::int64_t key_heads = 0, value_heads = 0, key_dim = 0, value_dim = 0;  // linear layers
    std::int64_t conv_taps = 0;                                               // 0: no convolution
    std::int64_t max_position = 0;
    double eps = 0;
    double rope_theta = 0;
    bool tied = false;
    bool qkv_bias = false;
    std::vector<bool> full;  // one per layer

    std::int64_t keyRows() const { return key_heads * key_dim; }
    std::int64_t valueRows() const { return value_heads * value_dim; }
};

// Throws InputError when there is no config.json in `folder`, FormatError naming the key for everything that this
// checker does not understand.
ReloadConfig readReloadConfig(const std::string& folder);

struct NamedShape {
    std::string name;
    std::vector<std::int64_t> shape;
};
// Every tensor that a loader of the format asks for, no more.
std::vector<NamedShape> requiredTensors(const ReloadConfig& config);

}  // namespace fm
