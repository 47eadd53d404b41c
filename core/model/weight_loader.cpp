#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <span>

#include "core/model/decoder_weights.h"
#include "core/model/weight_layout.h"
#include "core/run/error.h"

namespace fm {

namespace {

void requireEveryTensor(const Checkpoint& checkpoint) {
    const std::vector<std::string> problems = accountForTensors(checkpoint);
    if (problems.empty()) return;
    std::string text = checkpoint.path() + ": the tensors are not those of its configuration:";
    for (const std::string& problem : problems) text += "\n  " + problem;
    throw FormatError(text);
}

std::span<float> floats(const at::Tensor& tensor) {
    return {tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

// A tensor of another dtype or device goes through one staging tensor, which dies before the next is read.
void readTensor(const Checkpoint& checkpoint, const TensorView& view, at::Tensor& target) {
    if (target.is_cpu() && target.scalar_type() == at::kFloat) {
        checkpoint.read(view, floats(target));
        return;
    }
    const at::Tensor staging = at::empty(target.sizes(), at::TensorOptions(at::kFloat));
    checkpoint.read(view, floats(staging));
    target.copy_(staging);
}

}  // namespace

DecoderWeights loadWeights(const Checkpoint& checkpoint, at::Device device, at::ScalarType dtype,
                           const std::function<void(std::int64_t, std::int64_t)>& on_tensor) {
    requireEveryTensor(checkpoint);
    const c10::NoGradGuard no_grad;
    DecoderWeights weights = allocateWeights(checkpoint.config(), device, dtype);
    std::int64_t total = 0;
    forEachTensor(weights, [&](const std::string&, at::Tensor&) { ++total; });
    std::int64_t done = 0;
    forEachTensor(weights, [&](const std::string& name, at::Tensor& tensor) {
        readTensor(checkpoint, *checkpoint.find(name), tensor);
        ++done;
        if (on_tensor) on_tensor(done, total);
    });
    return weights;
}

}  // namespace fm
