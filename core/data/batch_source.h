// Batch i of a mix of tasks: a pure function of (seed, i), whatever was drawn before. Resume needs no data position.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/data/tasks.h"

namespace fm {

struct TaskShare {
    std::string task;
    double share = 1;  // relative weight
};

struct BatchMix {
    std::vector<TaskShare> tasks;
    std::vector<std::int32_t> lengths;  // the length of batch i is drawn from these (uniformly, seeded)
    std::int32_t tokens_per_batch = 8192;  // B = max(1, tokens_per_batch / T)
    bool held_out = false;  // draws text and seeds from the held-out side; never meets a training sample
    double text_batch_share = 0;  // this share of whole batches is plain text (text KL)
};

// Thread: batch() is const and may be called from a prefetch thread.
class BatchSource {
public:
    BatchSource(BatchMix mix, TaskResources resources, std::uint64_t seed);
    Batch batch(std::int64_t index) const;

private:
    BatchMix mix_;
    TaskResources resources_;
    std::uint64_t seed_;
    std::vector<std::unique_ptr<Task>> tasks_;
};

}  // namespace fm
