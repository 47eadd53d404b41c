#include <optional>
#include <string>
#include <vector>

#include "core/formats/format_error.h"
#include "core/formats/gguf.h"
#include "core/formats/splitter_families.h"
#include "core/formats/tokenizer_parts.h"

namespace fm {
namespace {

constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kTypes = "tokenizer.ggml.token_type";
constexpr const char* kMerges = "tokenizer.ggml.merges";
constexpr const char* kPre = "tokenizer.ggml.pre";

// The numbers are those of the file format.
enum class TokenType : std::int64_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5 };

std::string item(const char* key, std::size_t i) { return std::string(key) + "[" + std::to_string(i) + "]"; }

GgufArray requiredArray(const GgufFile& file, const char* key, std::optional<GgufType> element) {
    const std::optional<GgufArray> array = element ? file.array(key, *element) : file.array(key);
    if (!array) failFormat(file.path(), key, "is missing: the file has no tokenizer of this kind");
    return *array;
}

void addToken(TokenizerPartsBuilder& builder, const std::string& path, std::string_view text, std::int64_t type,
              std::size_t i) {
    const std::int64_t id = static_cast<std::int64_t>(i);
    const std::string key = item(kTokens, i);
    switch (static_cast<TokenType>(type)) {
        case TokenType::Normal:
        case TokenType::Unknown:
            return builder.addVocabulary(text, id, key);
        case TokenType::Unused:
            return builder.addUnused(text, id, key);
        case TokenType::Control:
        case TokenType::UserDefined:
            break;
        default:
            failFormat(path, item(kTypes, i), "is " + std::to_string(type) + "; known are 1 to 5");
    }
    AddedToken token;
    token.content = text;
    token.id = static_cast<std::int32_t>(id);
    token.special = static_cast<TokenType>(type) == TokenType::Control;
    builder.addAdded(token, key);
}

// What is no small integer is none of the types: 0.
std::int64_t typeAt(const GgufArray& types, std::size_t i) {
    const double type = types.numberAt(i);
    return type >= 1 && type <= 6 ? static_cast<std::int64_t>(type) : 0;
}

void readTokens(const GgufFile& file, const GgufArray& tokens, TokenizerPartsBuilder& builder) {
    const GgufArray types = requiredArray(file, kTypes, std::nullopt);
    if (types.element == GgufType::String || types.element == GgufType::Array || types.count != tokens.count) {
        failFormat(file.path(), kTypes,
                   "is not one number for each of the " + std::to_string(tokens.count) + " tokens");
    }
    tokens.forEachString(
        [&](std::size_t i, std::string_view text) { addToken(builder, file.path(), text, typeAt(types, i), i); });
}

void readMerges(const GgufFile& file, TokenizerPartsBuilder& builder) {
    requiredArray(file, kMerges, GgufType::String).forEachString([&](std::size_t i, std::string_view text) {
        // As in llama.cpp: the space after the first byte at the earliest, because a token is never empty.
        const std::size_t space = text.find(' ', 1);
        if (space == std::string_view::npos) {
            failFormat(file.path(), item(kMerges, i), "is not two tokens with a space between them");
        }
        builder.addMerge(text.substr(0, space), text.substr(space + 1), item(kMerges, i));
    });
}

}  // namespace

TokenizerParts readTokenizerGguf(const std::string& path) {
    const GgufFile file = GgufFile::open(path);
    const std::string_view model = file.text("tokenizer.ggml.model").value_or("");
    if (model != "gpt2") {
        failFormat(path, "tokenizer.ggml.model", "is " + quoted(model) + "; only \"gpt2\" (byte-level BPE) is read");
    }
    if (file.boolean("tokenizer.ggml.add_space_prefix").value_or(false)) {
        failFormat(path, "tokenizer.ggml.add_space_prefix", "true is not supported");
    }
    const std::string_view pre = file.text(kPre).value_or("default");
    std::optional<SplitterFamily> family = splitterFamily(pre, kPre);
    if (!family) failFormat(path, kPre, "is " + quoted(pre) + "; known are " + knownSplitterFamilies());

    TokenizerParts parts;
    parts.path = path;
    parts.rules = std::move(family->rules);
    parts.nfc = family->nfc;
    parts.ignore_merges = family->ignore_merges;
    parts.chat_template = file.text("tokenizer.chat_template").value_or("");
    const GgufArray tokens = requiredArray(file, kTokens, GgufType::String);
    TokenizerPartsBuilder builder(parts, tokens.count);
    readTokens(file, tokens, builder);
    readMerges(file, builder);
    builder.finish(kMerges);
    return parts;
}

}  // namespace fm
