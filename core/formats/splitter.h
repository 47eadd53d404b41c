// Cuts text into the pieces that BPE merges within: a chain of regular expressions, run by PCRE2.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fm {

struct SplitRule {
    std::string pattern;  // PCRE2 syntax (splitter_pattern.h)
    std::string key;      // where the pattern stands in its file, for messages: "pre_tokenizer.pretokenizers[0]"
    // HF's "Isolated" keeps both; "Removed" keeps what the pattern does not match, or, inverted, only what it matches.
    bool keep_matches = true;
    bool keep_gaps = true;
};

// Immutable; may be used from several threads.
class Splitter {
public:
    // `path` names the file in messages. Throws FormatError when a pattern does not compile.
    Splitter(std::string path, std::vector<SplitRule> rules);
    ~Splitter();
    Splitter(Splitter&&) noexcept;
    Splitter& operator=(Splitter&&) noexcept;

    // Calls `use` with each piece, in order; rule k + 1 sees each piece of rule k as a text of its own. `text` is valid
    // UTF-8 (asserted). Throws FormatError when a pattern backtracks without bound on this text.
    void split(std::string_view text, const std::function<void(std::string_view)>& use) const;

private:
    struct Stage;
    struct Scan;
    void splitFrom(std::size_t stage, std::string_view text, Scan& scan) const;

    std::string path_;
    std::vector<Stage> stages_;
};

}  // namespace fm
