#include "core/formats/splitter_families.h"

#include "core/formats/splitter_pattern.h"

namespace fm {
namespace {

constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

SplitRule rule(const char* pattern, const std::string& key) { return {pcreFromOniguruma(pattern), key, true, true}; }

// What llama.cpp, the format's own reader, does with files of before the `pre` key: four cuts in turn.
std::vector<SplitRule> defaultRules(const std::string& key) {
    return {rule(R"([\p{P}\$\+<=>\^~\|]+)", key), rule(kGpt2, key), rule(R"(\p{N}+)", key),
            rule("[0-9][0-9][0-9]", key)};
}

}  // namespace

std::string gpt2Pattern() { return pcreFromOniguruma(kGpt2); }

std::optional<SplitterFamily> splitterFamily(std::string_view name, const std::string& key) {
    if (name == "gpt-2") return SplitterFamily{{rule(kGpt2, key)}};
    if (name == "smollm") {
        return SplitterFamily{{{pcreNumericCharacter(), key, true, true}, rule(kGpt2, key)}};
    }
    if (name == "llama-bpe" || name == "llama3" || name == "llama-v3") {
        return SplitterFamily{{rule(kLlama3, key)}, false, true};
    }
    if (name == "qwen2") return SplitterFamily{{rule(kQwen2, key)}, true, false};
    if (name == "default") return SplitterFamily{defaultRules(key)};
    return std::nullopt;
}

std::string knownSplitterFamilies() { return "gpt-2, smollm, llama-bpe, llama3, llama-v3, qwen2, default"; }

}  // namespace fm
