#include "core/engine/adamw.h"

#include <ATen/ATen.h>

#include <cmath>

namespace fm {
namespace {

at::ScalarType stateType(const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

double jointNorm(const std::vector<at::Tensor>& gradients) {
    if (gradients.empty()) return 0;
    std::vector<at::Tensor> norms;
    for (const at::Tensor& norm : at::_foreach_norm(gradients)) norms.push_back(norm.to(at::kDouble));
    return at::stack(norms).norm().item<double>();
}

// Returns the norm before.
double clip(const std::vector<at::Tensor>& gradients, double max_norm) {
    const double norm = jointNorm(gradients);
    if (norm > max_norm) at::_foreach_mul_(gradients, max_norm / norm);
    return norm;
}

void collectGradients(const AdamWGroup& group, std::vector<at::Tensor>& gradients) {
    for (const at::Tensor& tensor : group.tensors) {
        if (tensor.grad().defined()) gradients.push_back(tensor.grad());
    }
}

}  // namespace

AdamW::AdamW(std::vector<AdamWGroup> groups, double beta1, double beta2, double epsilon)
    : groups_(std::move(groups)), beta1_(beta1), beta2_(beta2), epsilon_(epsilon) {
    for (const AdamWGroup& group : groups_) {
        State state;
        for (const at::Tensor& tensor : group.tensors) {
            state.master.push_back(tensor.detach().to(stateType(tensor)));  // the same memory when nothing is converted
            state.first.push_back(at::zeros_like(state.master.back(), at::MemoryFormat::Contiguous));
            state.second.push_back(at::zeros_like(state.master.back(), at::MemoryFormat::Contiguous));
        }
        states_.push_back(std::move(state));
    }
}

void AdamW::step(double rate) {
    ++steps_;
    for (std::size_t i = 0; i < groups_.size(); ++i) stepGroup(i, groups_[i].lr * rate);
}

void AdamW::stepAt(double lr) {
    ++steps_;
    for (std::size_t i = 0; i < groups_.size(); ++i) stepGroup(i, lr);
}

void AdamW::stepGroup(std::size_t index, double lr) {
    const AdamWGroup& group = groups_[index];
    std::vector<at::Tensor> masters, firsts, seconds, gradients, targets, sources;
    for (std::size_t i = 0; i < group.tensors.size(); ++i) {
        const at::Tensor& tensor = group.tensors[i];
        if (!tensor.grad().defined()) continue;
        const State& state = states_[index];
        masters.push_back(state.master[i]);
        firsts.push_back(state.first[i]);
        seconds.push_back(state.second[i]);
        gradients.push_back(tensor.grad().to(stateType(tensor)));
        if (tensor.scalar_type() != stateType(tensor)) {
            targets.push_back(tensor.detach());
            sources.push_back(state.master[i]);
        }
    }
    if (masters.empty()) return;
    const double correction1 = 1 - std::pow(beta1_, static_cast<double>(steps_));
    const double correction2 = 1 - std::pow(beta2_, static_cast<double>(steps_));
    if (group.weight_decay != 0) at::_foreach_mul_(masters, 1 - lr * group.weight_decay);
    at::_foreach_lerp_(firsts, gradients, 1 - beta1_);
    at::_foreach_mul_(seconds, beta2_);
    at::_foreach_addcmul_(seconds, gradients, gradients, 1 - beta2_);
    std::vector<at::Tensor> denominators = at::_foreach_sqrt(seconds);
    at::_foreach_div_(denominators, std::sqrt(correction2));
    at::_foreach_add_(denominators, epsilon_);
    at::_foreach_addcdiv_(masters, firsts, denominators, -lr / correction1);
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i].copy_(sources[i]);
}

void AdamW::zeroGradients() {
    for (AdamWGroup& group : groups_) {
        for (at::Tensor& tensor : group.tensors) tensor.mutable_grad() = at::Tensor();
    }
}

double AdamW::clipGradients(double max_norm) {
    std::vector<at::Tensor> gradients;
    for (const AdamWGroup& group : groups_) collectGradients(group, gradients);
    return clip(gradients, max_norm);
}

double AdamW::clipGroup(std::size_t group, double max_norm) {
    std::vector<at::Tensor> gradients;
    collectGradients(groups_[group], gradients);
    return clip(gradients, max_norm);
}

void AdamW::save(std::map<std::string, at::Tensor>& tensors, const std::string& prefix) const {
    for (std::size_t g = 0; g < states_.size(); ++g) {
        for (std::size_t i = 0; i < states_[g].master.size(); ++i) {
            const std::string name = prefix + std::to_string(g) + "." + std::to_string(i) + ".";
            tensors[name + "master"] = states_[g].master[i];
            tensors[name + "first"] = states_[g].first[i];
            tensors[name + "second"] = states_[g].second[i];
        }
    }
    tensors[prefix + "steps"] = at::full({1}, steps_, at::kLong);
}

void AdamW::load(const std::map<std::string, at::Tensor>& tensors, const std::string& prefix) {
    for (std::size_t g = 0; g < states_.size(); ++g) {
        for (std::size_t i = 0; i < states_[g].master.size(); ++i) {
            const std::string name = prefix + std::to_string(g) + "." + std::to_string(i) + ".";
            states_[g].master[i].copy_(tensors.at(name + "master"));
            states_[g].first[i].copy_(tensors.at(name + "first"));
            states_[g].second[i].copy_(tensors.at(name + "second"));
            groups_[g].tensors[i].detach().copy_(states_[g].master[i]);
        }
    }
    steps_ = tensors.at(prefix + "steps").item<std::int64_t>();
}

}  // namespace fm
