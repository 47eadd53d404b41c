// The texts of RULER's needle tasks, letter for letter: the prompt templates are functional text of NVIDIA/RULER
// (Apache-2.0).
#pragma once

#include <string>
#include <vector>

#include "core/data/random.h"

namespace fm {

enum class Haystack { Noise, Essay, Needles };
enum class NeedleWord { Words, Numbers, Uuids };

// One task: what surrounds the needles, what they hold, and how many there are.
struct NiahKind {
    const char* name;
    Haystack haystack;
    NeedleWord key, value;
    std::int32_t keys, values, queries;

    // Whether frame and answer prefix speak of one value ("A special magic number is hidden ...").
    bool singular() const { return queries * values == 1; }
};

// The eight tasks in RULER's order.
const std::vector<NiahKind>& niahKinds();

// A fresh key or value: adjective-noun, 7-digit number, version-4 UUID.
std::string drawNeedleWord(NeedleWord kind, Rng& rng);

// "One of the special magic numbers for <key> is: " (the type stays plural); the value and a full stop follow.
std::string needleStem(NeedleWord value, const std::string& key);

// The frame before the context, the frame after it, and the answer prefix (it begins with one blank).
struct NiahFrame {
    std::string before, after, answer_prefix;
};
NiahFrame niahFrame(const NiahKind& kind, const std::string& query);

// "a", "a, and b", "a, b, and c".
std::string joinQuery(const std::vector<std::string>& keys);

}  // namespace fm
