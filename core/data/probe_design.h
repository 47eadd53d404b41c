// The fixed design of a probe: so many held-out sequences of each task at each length, and so much plain text at each
// length. Nothing is drawn: every task is asked as often as every other, and no two sequences share a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/tasks.h"

namespace fm {

struct ProbeDesign {
    std::vector<std::string> tasks;     // with answers, each named once
    std::vector<std::int32_t> lengths;  // tokens
    std::int64_t sequences = 0;         // of each task at each length; 0: as many as probeSequences() says
    std::string purpose = "measure";    // core/plan/probe_tables.h; other purposes, other seeds
    std::uint64_t seed = 1;
};

// Tokens of a probe whose size nobody gave. What measures is larger than what chooses among many plans: the built-in
// study's plans 6 8, 4 8 and 1 4 8 came out in their true order in 39 probes of 40 with 60,000 tokens, 37 with 48,000
// and 36 with 25,000 (resources/handbook/measurements.md).
inline constexpr std::int64_t kMeasuringTokens = 60000, kChoosingTokens = 25000;

// Sequences of each task and length that make a probe of so many tokens, text included, and at least 8 of each task
// over all lengths.
std::int64_t probeSequences(std::size_t num_tasks, const std::vector<std::int32_t>& lengths,
                            std::int64_t tokens = kMeasuringTokens);

// The sequences of a design in their fixed order. Round i holds sequence i of every task at every length and one of
// plain text at each length (when there is a corpus), so that a probe which stops early has asked every task.
// Thread: const functions from several threads.
class ProbeSource {
public:
    // Throws InputError with every problem: no tasks, a task named twice or without answers, lengths that a task cannot
    // fit. `resources.part` becomes the held-out side.
    ProbeSource(ProbeDesign design, TaskResources resources);

    const ProbeDesign& design() const { return design_; }  // with the number of sequences filled in
    // Batches of all rounds: batch(i) is round i / lengths at length i % lengths.
    std::int64_t numBatches() const;
    std::int64_t numSequences() const;
    Batch batch(std::int64_t index) const;
    // Design, generators, tokenizer, text and chat form as one hash.
    std::string identity() const;

private:
    ProbeDesign design_;
    TaskResources resources_;
    std::vector<std::unique_ptr<Task>> tasks_;  // the text task last, when there is a corpus
};

}  // namespace fm
