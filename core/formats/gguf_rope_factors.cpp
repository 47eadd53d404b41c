#include "core/formats/gguf_rope_factors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/formats/byte_load.h"
#include "core/formats/format_error.h"

namespace fm {
namespace {

constexpr const char* kTensor = "rope_freqs.weight";
// Converters compute the factors in single precision from frequencies in single precision; the powers lose a few bits.
constexpr double kRelativeRounding = 1e-4;

// Every llama3-scaled release (3.1, 3.2, 3.3) has these; only `factor` differs between them.
constexpr double kLowFreqFactor = 1;
constexpr double kHighFreqFactor = 4;
constexpr std::int64_t kOriginalContext = 8192;

}  // namespace

double llama3RopeFactor(const Llama3RopeScaling& scaling, double rope_theta, std::int64_t head_dim, std::int64_t pair) {
    const double exponent = 2.0 * static_cast<double>(pair) / static_cast<double>(head_dim);
    const double wavelength = 2 * std::numbers::pi * std::pow(rope_theta, exponent);
    const double original = static_cast<double>(scaling.original_max_position);
    if (wavelength < original / scaling.high_freq_factor) return 1;
    if (wavelength > original / scaling.low_freq_factor) return scaling.factor;
    const double smooth =
        (original / wavelength - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
    return 1 / ((1 - smooth) / scaling.factor + smooth);
}

std::optional<Llama3RopeScaling> ropeScalingFromFactors(const GgufFile& file, const ModelConfig& config) {
    const TensorView* tensor = file.find(kTensor);
    if (tensor == nullptr) return std::nullopt;
    const auto fail = [&](const std::string& what) {
        failFormat(file.path(), std::string("tensor \"") + kTensor + "\"", what);
    };
    const std::int64_t pairs = config.head_dim / 2;
    if (tensor->dtype != DType::F32 || tensor->shape != std::vector<std::int64_t>{pairs}) {
        fail("must be F32 with one factor for each of the " + std::to_string(pairs) + " rotary pairs");
    }
    const auto factor_at = [&](std::int64_t pair) { return double{loadAs<float>(tensor->bytes.data() + 4 * pair)}; };
    double largest = 1;
    for (std::int64_t pair = 0; pair < pairs; ++pair) largest = std::max(largest, factor_at(pair));
    const Llama3RopeScaling scaling{largest, kLowFreqFactor, kHighFreqFactor, kOriginalContext};
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
        const double expected = llama3RopeFactor(scaling, config.rope_theta, config.head_dim, pair);
        // Written so that NaN fails.
        if (!(std::abs(factor_at(pair) - expected) <= kRelativeRounding * expected)) {
            fail(
                "its factors are not those of llama3 scaling (low_freq_factor 1, high_freq_factor 4, original context "
                "8192), so the model's rotary frequencies cannot be represented; use its HF checkpoint");
        }
    }
    if (largest == 1) return std::nullopt;
    return scaling;
}

}  // namespace fm
