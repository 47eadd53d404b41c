// Generators of retrieval samples: every sample is a pure function of (spec, seed). evaluation.md 2, method.md 1.4/1.13,
// prototype.md 7 and 7.1.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/data/sample.h"
#include "core/data/text_corpus.h"

namespace fm {

// Everything a generator may draw on. Immutable; shared by threads.
struct TaskResources {
    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const TextCorpus> corpus;  // haystack and plain text; may be null for noise/needle haystacks
    std::string chat_family;                   // "" = raw completion prompts
};

class Task {
public:
    virtual ~Task() = default;
    virtual const std::string& name() const = 0;
    // Fills at most `tokens` tokens, answers included; throws InputError when the task cannot fit that length
    // (nothing is ever truncated). `depth` in [0,1] fixes where the asked needle stands, < 0 draws it.
    virtual Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1) const = 0;
};

// Names: "passkey" (ten 32-word NATO passkeys), "simple_passkey",
//   "niah_single_1..3", "niah_multikey_1..3", "niah_multivalue", "niah_multiquery",
//   word tasks that small teachers learn: "single", "mk4", "mk8", "mk16", "mk32" (one asked), "mq4" (all asked),
//   "hop2", "hop4", "hop8", "hop16" (two-hop reference among N pairs), "pair4" (answer needs two needles), "far4"
//   (value stands away from its key), "copy" (verbatim copy), and "text" (plain text, no answers).
std::unique_ptr<Task> makeTask(const std::string& name, const TaskResources& resources);
std::vector<std::string> taskNames();

}  // namespace fm
