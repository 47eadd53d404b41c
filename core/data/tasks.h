// Generators of retrieval samples: every sample is a pure function of (spec, seed)
// (resources/handbook/evaluation.md, "Tasks").
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
    // Which side of the corpus is read. The part also enters every random draw: a held-out sample never equals the
    // training sample of the same seed.
    TextCorpus::Part part = TextCorpus::Part::Train;
    // RULER's essay haystack is the first n words of the corpus, the same for every sample. True begins at a seeded
    // word instead, which is what gate training and probes want.
    bool vary_haystack = false;
};

class Task {
public:
    virtual ~Task() = default;
    virtual const std::string& name() const = 0;
    // Fills at most `tokens` tokens, answers included; throws InputError when the task cannot fit that length
    // (nothing is ever truncated). `depth` in [0,1] fixes where the needle of one question stands (Sample::placed):
    // where several are asked that is number `question`, counted modulo their number; among passkeys it is the one
    // that stands nearest. `depth` < 0 draws it.
    virtual Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1,
                        std::int32_t question = 0) const = 0;
};

// Names ("N", "M" are numbers; throws InputError that lists the names for anything else):
//   "passkey" (ten 32-word NATO passkeys in FlashMorph's printed wording, "Remember ..., it is the ..."), "passkeyNxM"
//     (N <= 10 keys of M <= 64 words); either with "_duo" behind it: DuoAttention's wording, "Remeber ..., it's the
//     ..."; "simple_passkey";
//   "niah_single_1..3", "niah_multikey_1..3", "niah_multivalue", "niah_multiquery": RULER;
//   word tasks that small teachers learn, values of four NATO words:
//     "single", "mkN" (N <= 64 keys, one asked), "mqN" (N <= 8, all asked), "hopN" (two-hop reference among N <= 32
//     chains), "hop3_N" (three hops, N <= 21), "ahopN" and "ahop3_N" (the same, each alias before what it names),
//     "pairN" (the answer takes words 1-2 from one needle and 3-4 from another, 2 <= N <= 64), "farN" (value stands
//     away from its key, N <= 16), "bindN" (needle named by two words, each of which names others too, N <= 64); "mkN",
//     "hopN", "ahopN", "farN", "bindN" take a suffix "qM" (M <= 8 questions instead of one); "copy" (verbatim copy of
//     16 to 32 random tokens);
//   "text" (plain text, no answers).
// Tasks that read text ("text", the essay haystacks, "passkey") throw InputError when there is no corpus.
std::unique_ptr<Task> makeTask(const std::string& name, const TaskResources& resources);
// The names above as a user would pick them (with usual numbers).
std::vector<std::string> taskNames();

}  // namespace fm
