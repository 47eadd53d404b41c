#include "core/formats/tokenizer_added.h"
#include "core/base/assert.h"

#include <algorithm>
#include <utility>

namespace fm {
namespace {

// Length of the White_Space character that begins or ends `text`, 0 when there is none. `text` is valid UTF-8.
std::size_t spaceLength(std::string_view text, bool at_end) {
    static constexpr std::string_view kSpaces[] = {" ",
                                                   "\t",
                                                   "\n",
                                                   "\v",
                                                   "\f",
                                                   "\r",
                                                   "\xC2\x85",
                                                   "\xC2\xA0",
                                                   "\xE1\x9A\x80",
                                                   "\xE2\x80\x80",
                                                   "\xE2\x80\x81",
                                                   "\xE2\x80\x82",
                                                   "\xE2\x80\x83",
                                                   "\xE2\x80\x84",
                                                   "\xE2\x80\x85",
                                                   "\xE2\x80\x86",
                                                   "\xE2\x80\x87",
                                                   "\xE2\x80\x88",
                                                   "\xE2\x80\x89",
                                                   "\xE2\x80\x8A",
                                                   "\xE2\x80\xA8",
                                                   "\xE2\x80\xA9",
                                                   "\xE2\x80\xAF",
                                                   "\xE2\x81\x9F",
                                                   "\xE3\x80\x80"};
    for (const std::string_view space : kSpaces) {
        if (at_end ? text.ends_with(space) : text.starts_with(space)) return space.size();
    }
    return 0;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)), begins_(256, false), token_of_node_(1, -1) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        FM_ASSERT(!tokens_[i].content.empty(), "an added token has text");
        begins_[static_cast<unsigned char>(tokens_[i].content[0])] = true;
        std::uint32_t node = 0;
        for (const char c : tokens_[i].content) {
            const std::uint32_t next = static_cast<std::uint32_t>(token_of_node_.size());
            const auto [at, is_new] = edges_.try_emplace(edge(node, static_cast<unsigned char>(c)), next);
            if (is_new) token_of_node_.push_back(-1);
            node = at->second;
        }
        if (token_of_node_[node] < 0) token_of_node_[node] = static_cast<std::int32_t>(i);
    }
}

std::int32_t AddedTokenFinder::longestAt(std::string_view text, std::size_t at) const {
    std::int32_t longest = -1;
    std::uint32_t node = 0;
    for (; at < text.size(); ++at) {
        const auto next = edges_.find(edge(node, static_cast<unsigned char>(text[at])));
        if (next == edges_.end()) break;
        node = next->second;
        if (token_of_node_[node] >= 0) longest = token_of_node_[node];
    }
    return longest;
}

void AddedTokenFinder::cut(std::string_view text, bool skip_special,
                           const std::function<void(const AddedToken&)>& token,
                           const std::function<void(std::string_view)>& between) const {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        const bool may_begin = begins_[static_cast<unsigned char>(text[at])];
        const std::int32_t index = may_begin ? longestAt(text, at) : -1;
        if (index < 0) {
            ++at;
            continue;
        }
        const AddedToken& found = tokens_[static_cast<std::size_t>(index)];
        std::size_t begin = at, end = at + found.content.size();
        at = end;
        if (skip_special && found.special) continue;
        if (found.takes_space_before) {
            while (begin > done) {
                const std::size_t length = spaceLength(text.substr(done, begin - done), true);
                if (length == 0) break;
                begin -= length;
            }
        }
        if (found.takes_space_after) {
            while (const std::size_t length = spaceLength(text.substr(end), false)) end += length;
        }
        if (done < begin) between(text.substr(done, begin - done));
        token(found);
        done = at = std::max(end, at);
    }
    if (done < text.size()) between(text.substr(done));
}

}  // namespace fm
