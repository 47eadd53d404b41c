#include "core/formats/tokenizer.h"

#include <array>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/formats/bpe.h"
#include "core/formats/bpe_cache.h"
#include "core/formats/byte_level.h"
#include "core/formats/chat_template.h"
#include "core/formats/splitter.h"
#include "core/formats/tokenizer_added.h"
#include "core/formats/tokenizer_folder.h"
#include "core/formats/tokenizer_hash.h"
#include "core/formats/tokenizer_nfc.h"
#include "core/formats/tokenizer_parts.h"
#include "core/formats/tokenizer_utf8.h"

namespace fm {
namespace {

AddedTokenFinder finderOf(const TokenizerParts& parts, bool normalized) {
    std::vector<AddedToken> tokens;
    for (AddedToken token : parts.added) {
        if (token.normalized != normalized) continue;
        if (normalized && parts.nfc) token.content = toNfc(token.content);
        tokens.push_back(std::move(token));
    }
    return AddedTokenFinder(std::move(tokens));
}

std::array<TokenId, 256> byteIds(const std::vector<std::string>& vocabulary) {
    std::array<TokenId, 256> ids;
    ids.fill(-1);
    for (std::size_t id = 0; id < vocabulary.size(); ++id) {
        const std::optional<std::string> bytes = bytesOfSpelling(vocabulary[id]);
        if (bytes && bytes->size() == 1) ids[static_cast<unsigned char>((*bytes)[0])] = static_cast<TokenId>(id);
    }
    return ids;
}

}  // namespace

struct Tokenizer::Impl {
    explicit Impl(TokenizerParts parts);  // the hash is taken before the parts are
    void encodeBetween(std::string_view text, bool skip_special, std::vector<TokenId>& out) const;
    void encodePiece(std::string_view piece, std::vector<TokenId>& out) const;
    std::vector<TokenId> encode(std::string_view text, bool skip_special) const;

    const std::string content_hash;
    std::unordered_map<std::string, TokenId> ids;           // by text as the file spells it
    std::vector<std::string> bytes;                         // by id
    std::vector<bool> is_special;                           // by id
    std::unordered_map<std::string, TokenId> whole_pieces;  // filled only when a whole piece may skip the merges
    AddedTokenFinder raw_added, normalized_added;
    Splitter splitter;
    Bpe bpe;
    mutable BpeCache cache;
    bool nfc;
    std::string chat_template, chat_family;
};

Tokenizer::Impl::Impl(TokenizerParts parts)
    : content_hash(hashOf(parts)),
      bytes(parts.vocabulary.size()),
      is_special(parts.vocabulary.size(), false),
      raw_added(finderOf(parts, false)),
      normalized_added(finderOf(parts, true)),
      splitter(parts.path, std::move(parts.rules)),
      bpe(byteIds(parts.vocabulary), parts.merges, parts.vocabulary.size()),
      nfc(parts.nfc),
      chat_template(std::move(parts.chat_template)),
      chat_family(chatFamilyOf(chat_template)) {
    for (const auto& [text, id] : parts.ids) {
        const std::string& spelling = parts.vocabulary[static_cast<std::size_t>(id)];
        const std::optional<std::string> spelled = bytesOfSpelling(spelling);
        bytes[static_cast<std::size_t>(id)] = spelling.empty() || !spelled ? text : *spelled;
        if (parts.ignore_merges && !spelling.empty() && spelled) whole_pieces.emplace(*spelled, id);
    }
    for (const AddedToken& token : parts.added) {
        bytes[static_cast<std::size_t>(token.id)] = token.content;
        is_special[static_cast<std::size_t>(token.id)] = token.special;
    }
    ids = std::move(parts.ids);
}

void Tokenizer::Impl::encodePiece(std::string_view piece, std::vector<TokenId>& out) const {
    if (cache.append(piece, out)) return;
    const std::size_t before = out.size();
    const auto whole = whole_pieces.empty() ? whole_pieces.end() : whole_pieces.find(std::string(piece));
    if (whole != whole_pieces.end()) {
        out.push_back(whole->second);
    } else {
        bpe.encode(piece, out);
    }
    cache.remember(piece, out.data() + before, out.size() - before);
}

void Tokenizer::Impl::encodeBetween(std::string_view text, bool skip_special, std::vector<TokenId>& out) const {
    const std::string normalized = nfc ? toNfc(text) : std::string();
    const std::function<void(std::string_view)> use_piece = [&](std::string_view piece) { encodePiece(piece, out); };
    normalized_added.cut(
        nfc ? normalized : text, skip_special, [&](const AddedToken& token) { out.push_back(token.id); },
        [&](std::string_view between) { splitter.split(between, use_piece); });
}

std::vector<TokenId> Tokenizer::Impl::encode(std::string_view text, bool skip_special) const {
    std::string repaired;
    if (!isAscii(text) && !isUtf8(text)) {
        repaired = replaceBrokenUtf8(text);
        text = repaired;
    }
    std::vector<TokenId> out;
    out.reserve(text.size() / 4);
    raw_added.cut(
        text, skip_special, [&](const AddedToken& token) { out.push_back(token.id); },
        [&](std::string_view between) { encodeBetween(between, skip_special, out); });
    return out;
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

std::shared_ptr<const Tokenizer> Tokenizer::open(const std::string& path) {
    return std::shared_ptr<const Tokenizer>(new Tokenizer(std::make_unique<Impl>(readTokenizer(path))));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const { return impl_->encode(text, false); }
std::vector<TokenId> Tokenizer::encodeOrdinary(std::string_view text) const { return impl_->encode(text, true); }

std::string Tokenizer::decode(const std::vector<TokenId>& ids) const {
    std::string bytes;
    for (const TokenId id : ids) bytes += tokenBytes(id);
    return isUtf8(bytes) ? bytes : replaceBrokenUtf8(bytes);
}

std::string Tokenizer::tokenBytes(TokenId id) const {
    return id >= 0 && id < vocabSize() ? impl_->bytes[static_cast<std::size_t>(id)] : std::string();
}

TokenId Tokenizer::idOf(std::string_view token) const {
    const auto found = impl_->ids.find(std::string(token));
    return found == impl_->ids.end() ? -1 : found->second;
}

bool Tokenizer::isSpecial(TokenId id) const {
    return id >= 0 && id < vocabSize() && impl_->is_special[static_cast<std::size_t>(id)];
}

std::int64_t Tokenizer::vocabSize() const { return static_cast<std::int64_t>(impl_->bytes.size()); }
const std::string& Tokenizer::chatTemplate() const { return impl_->chat_template; }
const std::string& Tokenizer::contentHash() const { return impl_->content_hash; }
const std::string& Tokenizer::chatFamily() const { return impl_->chat_family; }

StreamDecoder::StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {}

std::string StreamDecoder::push(TokenId id) {
    pending_ += tokenizer_->tokenBytes(id);
    const std::size_t settled = settledUtf8Length(pending_);
    std::string out = replaceBrokenUtf8(std::string_view(pending_).substr(0, settled));
    pending_.erase(0, settled);
    return out;
}

std::string StreamDecoder::finish() { return replaceBrokenUtf8(std::exchange(pending_, {})); }

}  // namespace fm
