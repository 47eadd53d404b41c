// AdamW (decoupled weight decay, bias-corrected moments) over groups of tensors, with fp32 masters for weights of a
// lower precision. Works through ATen's list operators, so that a step is a handful of launches on a GPU.
// Thread: the job's thread, under NoGradGuard or not.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fm {

struct JobCheckpoint;

struct AdamWGroup {
    std::vector<at::Tensor> parameters;  // updated in place; gradients are read from .grad()
    double weight_decay = 0;
};

struct AdamWOptions {
    double beta1 = 0.9;
    double beta2 = 0.95;
    double eps = 1e-8;
};

class AdamW {
public:
    explicit AdamW(std::vector<AdamWGroup> groups, AdamWOptions options = {});

    // Scales gradients so that the norm of the whole is at most `max_norm`; returns the norm before.
    double clipGradients(double max_norm);
    // The same for every group by itself; returns the norms, one per group, on the parameters' device.
    at::Tensor clipEachGroup(double max_norm);

    // One learning rate for every group (lr_G, in their order), or the same for all. A parameter without a gradient is
    // left as it is, moments included; at a rate of 0 the moments alone move.
    void step(const std::vector<double>& lr_G);
    void step(double lr);
    void zeroGradients();

    std::int64_t stepsDone() const { return steps_done_; }

    // What the steps add up in: fp32 for a narrower parameter, else the parameter itself (detached). `parameter` must
    // be one of the groups'.
    at::Tensor masterOf(const at::Tensor& parameter) const;

    // Moments, the masters of narrower parameters and the step count under `prefix`; parameters that are their own
    // masters are the caller's to keep. load() wants exactly what save() gave, after the checkpoint's steps
    // (CheckpointError).
    void save(std::map<std::string, at::Tensor>& tensors, const std::string& prefix) const;
    void load(const JobCheckpoint& checkpoint, const std::string& prefix);

private:
    struct Slot {
        at::Tensor parameter;
        at::Tensor master;  // fp32 (float64 for float64); the parameter itself where precisions agree
        at::Tensor mean, square;
        bool isNarrow() const { return parameter.scalar_type() != master.scalar_type(); }
    };
    struct Group {
        std::vector<Slot> slots;
        double weight_decay = 0;
    };
    void stepGroup(Group& group, double lr);
    std::vector<at::Tensor> gradients(const Group& group) const;

    std::vector<Group> groups_;
    AdamWOptions options_;
    std::int64_t steps_done_ = 0;
};

}  // namespace fm
