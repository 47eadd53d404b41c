// Batch i of a mix of tasks: a pure function of (seed, i), whatever was drawn before. Resume needs no data position.
//
// Counters (random.h): slot 0 of (seed, i) chooses the length of the batch, slot 1 + j is the seed of sample j,
// which in turn chooses the sample's task. The top bit of a sample seed is 1 on the held-out side and 0 on the training
// side, so that no seed is ever on both.
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
    std::vector<std::int32_t> lengths;     // the length of batch i is drawn from these (uniformly, seeded)
    std::int32_t tokens_per_batch = 8192;  // B = max(1, tokens_per_batch / T)
    bool held_out = false;                 // draws text and seeds from the held-out side; never meets a training sample
    // The first sequence of every batch asks something: a step of gates without an answer has nothing to hold against
    // its regulariser. A batch of one sequence is joined by one of plain text as often as their shares say.
    bool always_asks = false;
};

// Thread: batch() is const and may be called from several threads.
class BatchSource {
public:
    // Throws InputError with all problems of the mix: unknown tasks, shares, lengths too short for a task.
    // `resources.part` is set from `mix.held_out`, and haystacks begin anywhere (`vary_haystack`).
    BatchSource(BatchMix mix, TaskResources resources, std::uint64_t seed);
    // index >= 0. Throws InputError when a sample cannot be made at the drawn length.
    Batch batch(std::int64_t index) const;

private:
    enum class Among { All, Asking, Text };  // the tasks that a sample's task is drawn from
    const Task& taskOf(std::uint64_t sample_seed, Among among) const;
    std::int32_t sequencesOf(std::uint64_t batch_seed, std::int32_t length) const;

    BatchMix mix_;
    TaskResources resources_;
    std::uint64_t seed_;
    std::vector<std::unique_ptr<Task>> tasks_;
};

// The top bit of a sample seed: 1 on the held-out side.
inline constexpr std::uint64_t kHeldOutBit = 1ULL << 63;

// Fills what lies behind a sequence's end.
TokenId paddingId(const Tokenizer& tokenizer);

// Lays the samples out as one right-padded batch; `padding` fills the invalid positions.
Batch packBatch(std::vector<Sample> samples, TokenId padding);

}  // namespace fm
