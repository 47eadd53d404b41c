#include "core/data/text_corpus.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.h"
#include "core/data/corpus_files.h"
#include "core/data/random.h"

namespace fm {
namespace {

constexpr std::size_t kPieceBytes = 1 << 18;  // bounds the tokenizer's working memory for one document

TokenId endOfText(const Tokenizer& tokenizer) {
    for (const char* name : {"<|endoftext|>", "<|end_of_text|>", "</s>", "<|im_end|>"}) {
        const TokenId id = tokenizer.idOf(name);
        if (id >= 0) return id;
    }
    return -1;
}

bool isBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Where to end a piece that starts at `begin`: after a line break that a visible character follows. The GPT-2, SmolLM,
// Llama-3 and Qwen2 splitters all end a word there, so tokenising in pieces equals tokenising the whole.
std::size_t pieceEnd(std::string_view text, std::size_t begin) {
    for (std::size_t i = begin + kPieceBytes; i < text.size(); ++i)
        if (text[i - 1] == '\n' && !isBlank(text[i])) return i;
    return text.size();
}

void appendDocument(const Tokenizer& tokenizer, std::string_view text, std::vector<TokenId>& ids) {
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = pieceEnd(text, begin);
        const std::vector<TokenId> piece = tokenizer.encodeOrdinary(text.substr(begin, end - begin));
        ids.insert(ids.end(), piece.begin(), piece.end());
        begin = end;
    }
}

// Index of the first held-out token. `starts` are the first tokens of the documents.
std::size_t splitPoint(const Tokenizer& tokenizer, const std::vector<TokenId>& ids,
                       const std::vector<std::size_t>& starts, double share) {
    const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(ids.size())));
    if (wanted == 0) return ids.size();
    std::size_t start = starts.back();
    for (std::size_t i = starts.size(); i-- > 0 && ids.size() - start < wanted;) start = starts[i];
    if (ids.size() - start <= 2 * wanted) return start;
    std::size_t cut = ids.size() - wanted;
    while (cut < ids.size() && tokenizer.tokenBytes(ids[cut - 1]).find('\n') == std::string::npos) ++cut;
    return cut < ids.size() ? cut : ids.size() - wanted;
}

void requireShare(double share) {
    if (!(share >= 0 && share < 1))
        throw InputError(Problem{"held_out_share", std::to_string(share), "a share from 0 to below 1"});
}

TokenisedText tokenise(const std::string& path, const Tokenizer& tokenizer) {
    TokenisedText all;
    const TokenId separator = endOfText(tokenizer);
    forEachDocument(path, [&](std::string_view text) {
        if (!all.ids.empty() && separator >= 0) all.ids.push_back(separator);
        all.starts.push_back(all.ids.size());
        appendDocument(tokenizer, text, all.ids);
    });
    return all;
}

}  // namespace

std::shared_ptr<const TextCorpus> TextCorpus::split(TokenisedText text, const Tokenizer& tokenizer, double held_out) {
    std::shared_ptr<TextCorpus> corpus(new TextCorpus);
    corpus->separator_ = endOfText(tokenizer);
    corpus->train_ = std::move(text.ids);
    std::vector<TokenId>& ids = corpus->train_;
    const std::size_t split = splitPoint(tokenizer, ids, text.starts, held_out);
    corpus->held_out_.assign(ids.begin() + static_cast<std::ptrdiff_t>(split), ids.end());
    ids.resize(split);
    return corpus;
}

std::shared_ptr<const TextCorpus> TextCorpus::load(const std::string& path, const Tokenizer& tokenizer,
                                                   double held_out_share) {
    requireShare(held_out_share);
    return split(tokenise(path, tokenizer), tokenizer, held_out_share);
}

std::shared_ptr<const TextCorpus> TextCorpus::load(const std::string& path, const Tokenizer& tokenizer,
                                                   const TokenCache& cache, double held_out_share) {
    requireShare(held_out_share);
    const std::string key = TokenCache::keyOf(path, tokenizer);
    std::optional<TokenisedText> known = cache.find(key, tokenizer.vocabSize());
    if (!known) {
        known = tokenise(path, tokenizer);
        cache.keep(key, *known);
    }
    return split(std::move(*known), tokenizer, held_out_share);
}

std::vector<TokenId> TextCorpus::window(Part part, std::uint64_t seed, std::int32_t tokens) const {
    const std::span<const TokenId> all = this->tokens(part);
    if (all.empty())
        throw InputError(Problem{"corpus", part == Part::Train ? "no training text" : "no held-out text",
                                 "a corpus with at least one token in this part"});
    std::vector<TokenId> ids(static_cast<std::size_t>(tokens));
    std::size_t at = Rng(deriveSeed(seed, hashName("window"))).below(all.size());
    for (TokenId& id : ids) {
        id = all[at];
        if (++at == all.size()) at = 0;
    }
    return ids;
}

}  // namespace fm
