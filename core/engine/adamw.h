// AdamW over groups of tensors, fused per group with LibTorch's foreach operators. Tensors in bf16 get an fp32 master
// that receives the update; the tensor is its rounded copy. Thread: one job's thread, under NoGradGuard.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fm {

struct AdamWGroup {
    std::vector<at::Tensor> tensors;  // leaves whose .grad is read
    double lr = 1e-3;                 // peak; step(rate) uses lr * rate
    double weight_decay = 0;
};

class AdamW {
public:
    explicit AdamW(std::vector<AdamWGroup> groups, double beta1 = 0.9, double beta2 = 0.95, double epsilon = 1e-8);

    // Tensors without a gradient are left alone.
    void step(double rate);  // every group at its lr times `rate`
    void stepAt(double lr);  // every group at the same learning rate
    void zeroGradients();    // frees them

    // Scales the gradients of `group` (or all of them) so that their joint norm is at most `max_norm`; returns the norm
    // before.
    double clipGradients(double max_norm);
    double clipGroup(std::size_t group, double max_norm);

    // Moments, masters and step count under `prefix`, in group order.
    void save(std::map<std::string, at::Tensor>& tensors, const std::string& prefix) const;
    void load(const std::map<std::string, at::Tensor>& tensors, const std::string& prefix);

    std::int64_t stepsDone() const { return steps_; }

private:
    struct State {
        std::vector<at::Tensor> master, first, second;  // fp32; master shares memory with the tensor when it is fp32
    };
    void stepGroup(std::size_t index, double lr);

    std::vector<AdamWGroup> groups_;
    std::vector<State> states_;
    double beta1_, beta2_, epsilon_;
    std::int64_t steps_ = 0;
};

}  // namespace fm
