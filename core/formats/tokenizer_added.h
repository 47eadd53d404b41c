// Tokens found in the text before anything else cuts it: special ones (<|im_end|>) and added words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fm {

struct AddedToken {
    std::string content;  // as it stands in text; not empty
    std::int32_t id = 0;
    bool special = false;
    bool normalized = false;  // looked for after normalisation
    bool takes_space_before = false;
    bool takes_space_after = false;
};

// Leftmost-longest search for a set of tokens. Immutable; may be used from several threads.
class AddedTokenFinder {
public:
    // Of equal contents the first counts. Contents are not empty (asserted).
    explicit AddedTokenFinder(std::vector<AddedToken> tokens);

    // Cuts `text` into tokens and the text between them, in order. With `skip_special` special tokens stay text.
    void cut(std::string_view text, bool skip_special, const std::function<void(const AddedToken&)>& token,
             const std::function<void(std::string_view)>& between) const;

private:
    // Index of the longest token that begins at `at`, -1 when none does.
    std::int32_t longestAt(std::string_view text, std::size_t at) const;

    static std::uint64_t edge(std::uint32_t node, unsigned char byte) { return std::uint64_t{node} << 8 | byte; }

    std::vector<AddedToken> tokens_;
    std::vector<bool> begins_;                                // by first byte
    std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // trie; node 0 is the root
    std::vector<std::int32_t> token_of_node_;
};

}  // namespace fm
