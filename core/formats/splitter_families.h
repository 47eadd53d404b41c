// The splitters of known model families, for files that only name them (GGUF's tokenizer.ggml.pre).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/splitter.h"

namespace fm {

// GPT-2's pattern, which HF's ByteLevel pre-tokenizer also carries (use_regex), in PCRE2 syntax.
std::string gpt2Pattern();

struct SplitterFamily {
    std::vector<SplitRule> rules;
    bool nfc = false;
    bool ignore_merges = false;
};

// nullopt for a name outside knownSplitterFamilies().
std::optional<SplitterFamily> splitterFamily(std::string_view name, const std::string& key);
std::string knownSplitterFamilies();  // "gpt-2, smollm, ..."

}  // namespace fm
