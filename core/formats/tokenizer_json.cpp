#include <string>

#include "core/formats/byte_level.h"
#include "core/formats/format_error.h"
#include "core/formats/mapped_file.h"
#include "core/formats/splitter_families.h"
#include "core/formats/splitter_pattern.h"
#include "core/formats/strict_json.h"
#include "core/formats/tokenizer_json_field.h"
#include "core/formats/tokenizer_parts.h"

namespace fm {
namespace {

// The largest published file of the families read here has 17 MB (Llama 3).
constexpr JsonLimits kLimits{std::size_t{64} << 20, 16, 65536};
// Real files chain two or three.
constexpr std::size_t kMostSplitRules = 16;

// The keys below change what BPE does; a file that uses them is not byte-level BPE as HF's four families have it.
void refuseOtherModels(const JsonField& model) {
    // GPT-2's published file is older than the key; what has merges is BPE.
    const JsonField type = model.member("type");
    const bool is_untyped_bpe = type.isNull() && model.member("merges").value().is_array();
    if (!is_untyped_bpe && !type.isText("BPE")) type.fail("is not \"BPE\", the only kind read here");
    const JsonField dropout = model.member("dropout");
    if (!dropout.isNull() && dropout.value() != 0) dropout.fail("must be null: random tokenization is not supported");
    for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        const JsonField affix = model.member(name);
        if (!affix.isNull() && !affix.text().empty()) affix.fail("is not supported in byte-level BPE");
    }
    if (model.member("byte_fallback").flag(false)) model.member("byte_fallback").fail("true is not supported");
}

// An unknown token can only arise where a byte has no token of its own.
void refuseUnknownToken(const JsonField& model, const TokenizerParts& parts) {
    if (model.member("unk_token").isNull()) return;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string spelling = spellingOfBytes(std::string(1, static_cast<char>(byte)));
        if (!parts.ids.contains(spelling)) {
            model.member("unk_token").fail("is not supported: the vocabulary lacks the byte " + std::to_string(byte));
        }
    }
}

void readMerges(const JsonField& merges, TokenizerPartsBuilder& builder) {
    merges.array();
    for (std::size_t i = 0; i < merges.size(); ++i) {
        const JsonField merge = merges.element(i);
        if (merge.value().is_array()) {  // the spelling since tokenizers 0.20
            if (merge.size() != 2) merge.fail("is not a pair of tokens");
            builder.addMerge(merge.element(0).text(), merge.element(1).text(), merge.key());
            continue;
        }
        const std::string& text = merge.text();
        const std::size_t space = text.find(' ');
        if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
            merge.fail("is not two tokens with a space between them");
        }
        builder.addMerge(text.substr(0, space), text.substr(space + 1), merge.key());
    }
}

void readVocabulary(const JsonField& vocab, TokenizerPartsBuilder& builder) {
    for (const auto& [text, id] : vocab.object().items()) {
        const std::string key = vocab.key() + "[" + quoted(text) + "]";
        if (!id.is_number_integer()) vocab.fail("the id of " + quoted(text) + " is not an integer");
        builder.addVocabulary(text, id.get<std::int64_t>(), key);
    }
}

AddedToken readAddedToken(const JsonField& entry) {
    AddedToken token;
    token.content = entry.member("content").text();
    const std::int64_t id = entry.member("id").integer();
    if (id < 0 || id > INT32_MAX) entry.member("id").fail("lies outside 0..2147483647");
    token.id = static_cast<std::int32_t>(id);
    token.special = entry.member("special").flag(false);
    token.normalized = entry.member("normalized").flag(!token.special);
    token.takes_space_before = entry.member("lstrip").flag(false);
    token.takes_space_after = entry.member("rstrip").flag(false);
    if (entry.member("single_word").flag(false)) entry.member("single_word").fail("true is not supported");
    return token;
}

bool readNormalizer(const JsonField& normalizer) {
    if (normalizer.isNull()) return false;
    const JsonField type = normalizer.member("type");
    if (type.isText("NFC")) return true;
    if (!type.isText("Sequence")) type.fail(quoted(type.text()) + " is not supported (NFC or none is)");
    const JsonField list = normalizer.member("normalizers");
    list.array();
    bool nfc = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const JsonField inner = list.element(i).member("type");
        if (!inner.isText("NFC")) inner.fail(quoted(inner.text()) + " is not supported here (NFC is)");
        nfc = true;
    }
    return nfc;
}

SplitRule readSplit(const JsonField& split) {
    SplitRule rule;
    rule.key = split.key();
    const JsonField pattern = split.member("pattern");
    const JsonField regex = pattern.member("Regex");
    try {
        rule.pattern = regex.isNull() ? pcreLiteral(pattern.member("String").text()) : pcreFromOniguruma(regex.text());
    } catch (const PatternError& error) {
        pattern.fail(std::string("is not supported because of ") + error.what());
    }
    if (rule.pattern.empty()) pattern.fail("is empty");
    const JsonField behavior = split.member("behavior");
    if (behavior.isText("Removed")) {
        rule.keep_matches = split.member("invert").flag(false);
        rule.keep_gaps = !rule.keep_matches;
    } else if (!behavior.isText("Isolated")) {
        behavior.fail(quoted(behavior.text()) + " is not supported (Isolated and Removed are)");
    }
    return rule;
}

SplitRule readDigits(const JsonField& digits) {
    const bool each = digits.member("individual_digits").flag(false);
    return {pcreNumericCharacter() + (each ? "" : "+"), digits.key(), true, true};
}

// True when it was the byte-level stage, which is the last one.
bool readPreTokenizer(const JsonField& stage, std::vector<SplitRule>& rules) {
    const JsonField type = stage.member("type");
    if (rules.size() == kMostSplitRules) stage.fail("is one rule too many; at most 16 are read");
    if (type.isText("Split")) {
        rules.push_back(readSplit(stage));
        return false;
    }
    if (type.isText("Digits")) {
        rules.push_back(readDigits(stage));
        return false;
    }
    if (!type.isText("ByteLevel")) type.fail(quoted(type.text()) + " is not supported (Split, Digits, ByteLevel are)");
    if (stage.member("add_prefix_space").flag(true)) stage.member("add_prefix_space").fail("true is not supported");
    if (stage.member("use_regex").flag(true)) rules.push_back({gpt2Pattern(), stage.key(), true, true});
    return true;
}

void readPreTokenizers(const JsonField& root, std::vector<SplitRule>& rules) {
    if (root.isNull()) root.fail("is missing: not a byte-level tokenizer");
    if (!root.member("type").isText("Sequence")) {
        if (!readPreTokenizer(root, rules)) root.fail("has no ByteLevel stage: not a byte-level tokenizer");
        return;
    }
    const JsonField list = root.member("pretokenizers");
    list.array();
    bool is_done = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (is_done) list.element(i).fail("comes after ByteLevel, which must be the last one");
        is_done = readPreTokenizer(list.element(i), rules);
    }
    if (!is_done) list.fail("has no ByteLevel stage: not a byte-level tokenizer");
}

}  // namespace

// `post_processor`, `truncation` and `padding` are not read: encoding adds no tokens and cuts nothing.
TokenizerParts readTokenizerJson(const std::string& path) {
    const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
    const nlohmann::json document = parseStrictJson(file->text(), kLimits, path);
    const JsonField root(document, "", path);
    const JsonField model = root.member("model");
    refuseOtherModels(model);

    TokenizerParts parts;
    parts.path = path;
    const JsonField vocab = model.member("vocab"), added = root.member("added_tokens");
    const std::size_t added_count = added.isNull() ? 0 : added.array().size();
    TokenizerPartsBuilder builder(parts, vocab.object().size() + added_count);
    readVocabulary(vocab, builder);
    for (std::size_t i = 0; i < added_count; ++i)
        builder.addAdded(readAddedToken(added.element(i)), added.element(i).key());
    readMerges(model.member("merges"), builder);
    builder.finish("model.merges");
    refuseUnknownToken(model, parts);

    parts.ignore_merges = model.member("ignore_merges").flag(false);
    parts.nfc = readNormalizer(root.member("normalizer"));
    readPreTokenizers(root.member("pre_tokenizer"), parts.rules);
    const JsonField decoder = root.member("decoder");
    if (decoder.isNull() || !decoder.member("type").isText("ByteLevel")) decoder.fail("is not of type ByteLevel");
    return parts;
}

}  // namespace fm
