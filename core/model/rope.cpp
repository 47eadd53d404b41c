// Rotary position embedding, rotate-half convention; Llama-3 scaling as in Llama 3.1's reference code.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <numbers>

#include "core/model/blocks.h"

namespace fm {

namespace {

constexpr std::int64_t kRowsPerThread = 256;

// Long wavelengths are slowed down by `factor`, short ones kept, those between blended linearly.
at::Tensor scaledFrequencies(const at::Tensor& frequency_h, const Llama3RopeScaling& scaling) {
    const double context = static_cast<double>(scaling.original_max_position);
    const at::Tensor wavelength_h = 2 * std::numbers::pi / frequency_h;
    const at::Tensor slowed_h = frequency_h / scaling.factor;
    const at::Tensor share_h =
        (context / wavelength_h - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
    const at::Tensor blended_h = (1 - share_h) * slowed_h + share_h * frequency_h;
    const at::Tensor kept_or_blended_h =
        at::where(wavelength_h < context / scaling.high_freq_factor, frequency_h, blended_h);
    return at::where(wavelength_h > context / scaling.low_freq_factor, slowed_h, kept_or_blended_h);
}

// Both halves filled. By the C library and not by at::cos: LibTorch hands that to MKL, whose first call now and then
// gives one thread's share to 1e-4 only when several threads make it at once (pytorch issue 188792; seen here in one
// process of 60 on 16 cores), and everything the process measures is then held against a slightly wrong teacher.
template <class Number>
at::Tensor tableOf(const at::Tensor& angle_Th, double (*function)(double)) {
    const std::int64_t half = angle_Th.size(1);
    at::Tensor table_Td = at::empty({angle_Th.size(0), 2 * half}, angle_Th.options());
    const Number* angle = angle_Th.const_data_ptr<Number>();
    Number* table = table_Td.data_ptr<Number>();
    at::parallel_for(0, angle_Th.size(0), kRowsPerThread, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin * half; i < end * half; ++i) {
            Number* row = table + i / half * 2 * half;
            row[i % half] = row[half + i % half] = static_cast<Number>(function(static_cast<double>(angle[i])));
        }
    });
    return table_Td;
}

at::Tensor tableOf(const at::Tensor& angle_Th, double (*function)(double)) {
    return angle_Th.scalar_type() == at::kDouble ? tableOf<double>(angle_Th, function)
                                                 : tableOf<float>(angle_Th, function);
}

}  // namespace

Rope makeRope(const ModelConfig& config, std::int64_t num_positions, at::Device device, at::ScalarType dtype) {
    const c10::NoGradGuard no_grad;
    // Angles are made on the CPU in the table's own precision, so that every device rotates by the same angles and
    // fp32 models by exactly those of `transformers`.
    const at::TensorOptions options = at::TensorOptions(dtype == at::kDouble ? at::kDouble : at::kFloat);
    const at::Tensor exponent_h = at::arange(0, config.head_dim, 2, options) / static_cast<double>(config.head_dim);
    at::Tensor frequency_h = 1.0 / at::pow(config.rope_theta, exponent_h);
    if (config.rope_scaling) frequency_h = scaledFrequencies(frequency_h, *config.rope_scaling);
    const at::Tensor angle_Th = at::arange(num_positions, options).unsqueeze(1) * frequency_h;
    return {tableOf(angle_Th, std::cos).to(device, dtype), tableOf(angle_Th, std::sin).to(device, dtype)};
}

Rope ropeSlice(const Rope& rope, std::int64_t first, std::int64_t count) {
    return {rope.cos_Td.narrow(0, first, count), rope.sin_Td.narrow(0, first, count)};
}

at::Tensor applyRope(const at::Tensor& x_BTHd, const Rope& rope) {
    const std::int64_t half = x_BTHd.size(-1) / 2;
    const at::Tensor cos_T1d = rope.cos_Td.unsqueeze(1);
    const at::Tensor sin_T1d = rope.sin_Td.unsqueeze(1);
    const at::Tensor first = x_BTHd.narrow(-1, 0, half);
    const at::Tensor second = x_BTHd.narrow(-1, half, half);
    if (c10::GradMode::is_enabled() && x_BTHd.requires_grad()) {
        const at::Tensor turned_BTHd = at::cat({-second, first}, -1);
        return (x_BTHd * cos_T1d + turned_BTHd * sin_T1d).to(x_BTHd.scalar_type());
    }
    at::Tensor out_BTHd = x_BTHd * cos_T1d;
    out_BTHd.narrow(-1, 0, half).addcmul_(second, sin_T1d.narrow(-1, 0, half), -1);
    out_BTHd.narrow(-1, half, half).addcmul_(first, sin_T1d.narrow(-1, half, half));
    return out_BTHd.to(x_BTHd.scalar_type());
}

}  // namespace fm
