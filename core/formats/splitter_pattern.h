// Regular expressions of tokenizer.json are written for Oniguruma; here they become PCRE2 patterns of the same meaning.
// Pure functions; any thread.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace fm {

// What of the pattern is not understood: "\\w", "a class within a class".
class PatternError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Knows what tokenizers of the supported families use (classes, \p{..}, \s \S \d, groups, lookaround, quantifiers) and
// throws PatternError for everything else, because the two engines read much of the rest differently (\h, \w, ^, $,
// nested classes). \s, \p{L} and \p{N} are spelled out, so that they mean what HF's engine (Unicode 16) means by them.
std::string pcreFromOniguruma(std::string_view pattern);

// A pattern that matches `text` itself.
std::string pcreLiteral(std::string_view text);

// One character that HF's `Digits` pre-tokenizer isolates: Unicode 17, any numeric category.
std::string pcreNumericCharacter();

}  // namespace fm
