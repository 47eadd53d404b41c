#include "core/engine/adamw.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "core/base/assert.h"
#include "core/engine/job_checkpoint.h"

namespace fm {

namespace {

at::ScalarType masterDtype(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

// sqrt of the sum of squares of everything, in fp32, without a copy to the host
at::Tensor normOf(const std::vector<at::Tensor>& tensors) {
    if (tensors.empty()) return at::zeros({}, at::kFloat);
    std::vector<at::Tensor> norms = at::_foreach_norm(tensors, 2);
    for (at::Tensor& norm : norms) norm = norm.to(masterDtype(norm.scalar_type()));
    return at::linalg_vector_norm(at::stack(norms));
}

void scaleToNorm(std::vector<at::Tensor>& gradients, const at::Tensor& norm, double max_norm) {
    if (gradients.empty()) return;
    at::_foreach_mul_(gradients, (max_norm / (norm + 1e-6)).clamp_max(1));
}

}  // namespace

AdamW::AdamW(std::vector<AdamWGroup> groups, AdamWOptions options) : options_(options) {
    for (const AdamWGroup& group : groups) {
        Group mine{{}, group.weight_decay};
        for (const at::Tensor& parameter : group.parameters) {
            Slot slot;
            slot.parameter = parameter;
            // detach() shares storage: where the dtype agrees, the master is the parameter
            slot.master = parameter.detach().to(masterDtype(parameter.scalar_type()));
            slot.mean = at::zeros_like(slot.master);
            slot.square = at::zeros_like(slot.master);
            mine.slots.push_back(slot);
        }
        groups_.push_back(std::move(mine));
    }
}

std::vector<at::Tensor> AdamW::gradients(const Group& group) const {
    std::vector<at::Tensor> found;
    for (const Slot& slot : group.slots)
        if (slot.parameter.grad().defined()) found.push_back(slot.parameter.grad());
    return found;
}

double AdamW::clipGradients(double max_norm) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> all;
    for (const Group& group : groups_)
        for (const at::Tensor& gradient : gradients(group)) all.push_back(gradient);
    const at::Tensor norm = normOf(all);
    scaleToNorm(all, norm, max_norm);
    return norm.item<double>();
}

at::Tensor AdamW::clipEachGroup(double max_norm) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> norms;
    for (const Group& group : groups_) {
        std::vector<at::Tensor> mine = gradients(group);
        norms.push_back(normOf(mine));
        scaleToNorm(mine, norms.back(), max_norm);
    }
    return at::stack(norms);
}

void AdamW::step(const std::vector<double>& lr_G) {
    FM_ASSERT(lr_G.size() == groups_.size(), "there is one learning rate a group");
    const at::NoGradGuard no_grad;
    ++steps_done_;
    for (std::size_t g = 0; g < groups_.size(); ++g) stepGroup(groups_[g], lr_G[g]);
}

void AdamW::step(double lr) { step(std::vector<double>(groups_.size(), lr)); }

void AdamW::stepGroup(Group& group, double lr) {
    std::vector<at::Tensor> masters, means, squares, grads, narrow, narrow_masters;
    for (const Slot& slot : group.slots) {
        if (!slot.parameter.grad().defined()) continue;
        masters.push_back(slot.master);
        means.push_back(slot.mean);
        squares.push_back(slot.square);
        grads.push_back(slot.parameter.grad().to(slot.master.scalar_type()));
        if (!slot.isNarrow()) continue;
        narrow.push_back(slot.parameter);
        narrow_masters.push_back(slot.master);
    }
    if (masters.empty()) return;
    const double steps = static_cast<double>(steps_done_);
    const double mean_correction = 1 - std::pow(options_.beta1, steps);
    const double square_correction = 1 - std::pow(options_.beta2, steps);
    if (group.weight_decay != 0) at::_foreach_mul_(masters, 1 - lr * group.weight_decay);
    at::_foreach_lerp_(means, grads, 1 - options_.beta1);
    at::_foreach_mul_(squares, options_.beta2);
    at::_foreach_addcmul_(squares, grads, grads, 1 - options_.beta2);
    std::vector<at::Tensor> denominators = at::_foreach_sqrt(squares);
    at::_foreach_div_(denominators, std::sqrt(square_correction));
    at::_foreach_add_(denominators, options_.eps);
    at::_foreach_addcdiv_(masters, means, denominators, -lr / mean_correction);
    for (std::size_t i = 0; i < narrow.size(); ++i) narrow[i].copy_(narrow_masters[i]);
}

at::Tensor AdamW::masterOf(const at::Tensor& parameter) const {
    for (const Group& group : groups_) {
        for (const Slot& slot : group.slots)
            if (slot.parameter.is_same(parameter)) return slot.master;
    }
    FM_ASSERT(false, "the tensor is a parameter of this optimiser");
    return {};
}

void AdamW::zeroGradients() {
    for (Group& group : groups_)
        for (Slot& slot : group.slots) slot.parameter.mutable_grad() = at::Tensor();
}

void AdamW::save(std::map<std::string, at::Tensor>& tensors, const std::string& prefix) const {
    std::int64_t index = 0;
    for (const Group& group : groups_) {
        for (const Slot& slot : group.slots) {
            const std::string name = prefix + std::to_string(index++);
            tensors[name + ".mean"] = slot.mean;
            tensors[name + ".square"] = slot.square;
            if (slot.isNarrow()) tensors[name + ".master"] = slot.master;
        }
    }
    tensors[prefix + "steps_done"] = at::full({}, steps_done_, at::kLong);
}

void AdamW::load(const JobCheckpoint& checkpoint, const std::string& prefix) {
    const at::NoGradGuard no_grad;
    const std::int64_t steps =
        required(checkpoint, prefix + "steps_done", at::IntArrayRef{}, at::kLong).item<std::int64_t>();
    if (steps != checkpoint.step)
        throw CheckpointError(checkpoint.path, prefix + "steps_done", "differs from the step of the checkpoint");
    std::int64_t index = 0;
    for (Group& group : groups_) {
        for (Slot& slot : group.slots) {
            const std::string name = prefix + std::to_string(index++);
            slot.mean.copy_(required(checkpoint, name + ".mean", slot.mean));
            const at::Tensor square = required(checkpoint, name + ".square", slot.square);
            if (square.lt(0).any().item<bool>())
                throw CheckpointError(checkpoint.path, name + ".square", "has values below 0");
            slot.square.copy_(square);
            if (!slot.isNarrow()) continue;
            slot.master.copy_(required(checkpoint, name + ".master", slot.master));
            slot.parameter.detach().copy_(slot.master);
        }
    }
    steps_done_ = steps;
}

}  // namespace fm
