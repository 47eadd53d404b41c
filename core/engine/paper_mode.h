// The published selection settings under one teacher: context lengths that it can read, passkeys that fit them, and as
// many steps as the published tokens buy (resources/handbook/method.md, "Paper mode").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/tasks.h"
#include "core/engine/gates_spec.h"

namespace fm {

inline constexpr double kPaperTokens = 20e6;

struct PaperFit {
    GatesSpec spec;
    std::vector<std::string> remarks;  // a sentence for the log about every setting that was fitted
};

// Fills in what `spec`, in paper mode, leaves open; what it names stays.
//   lengths none: 1000, 2000, ... 16000 tokens as far as `context` goes and the tasks fit; else `context` itself
//   tasks none:   ten passkeys of 32 words; where the context, or the shortest of the given lengths, is too short for
//                 them, the passkeys that keep the largest share of both numbers
//   steps 0:      kPaperTokens over the mean number of tokens in a step
// `context`: longest sequence of the teacher, tokens. Throws InputError when no passkey fits, or there is no text.
PaperFit fitPaperMode(GatesSpec spec, std::int64_t context, const TaskResources& resources);

}  // namespace fm
