// Damaged, contradictory and unsupported tokenizer files: each is refused with a sentence that names the key.
#include <QTemporaryDir>
#include <QTest>
#include <functional>

#include "core/base/error.h"
#include "core/formats/tokenizer.h"
#include "tests/formats/tokenizer_fixture.h"

using nlohmann::json;

namespace {

// What FormatError says, "" when the file was taken.
std::string refusal(const std::string& path) {
    try {
        fm::Tokenizer::open(path);
    } catch (const fm::FormatError& error) {
        return error.what();
    }
    return "";
}

// A GGUF with metadata only, in the file format's own numbers.
class GgufBytes {
public:
    GgufBytes& text(const std::string& key, const std::string& value) { return add(key, 8, counted(value)); }
    GgufBytes& flag(const std::string& key, bool value) { return add(key, 7, std::string(1, value ? '\1' : '\0')); }
    GgufBytes& texts(const std::string& key, const std::vector<std::string>& values) {
        std::string body = number<std::uint32_t>(8) + number<std::uint64_t>(values.size());
        for (const std::string& value : values) body += counted(value);
        return add(key, 9, body);
    }
    GgufBytes& numbers(const std::string& key, const std::vector<std::int32_t>& values) {
        std::string body = number<std::uint32_t>(5) + number<std::uint64_t>(values.size());
        for (const std::int32_t value : values) body += number(value);
        return add(key, 9, body);
    }
    std::string bytes() const {
        return "GGUF" + number<std::uint32_t>(3) + number<std::uint64_t>(0) + number(count_) + body_;
    }

private:
    template <class T>
    static std::string number(T value) {
        return std::string(reinterpret_cast<const char*>(&value), sizeof value);
    }
    static std::string counted(const std::string& value) { return number<std::uint64_t>(value.size()) + value; }
    GgufBytes& add(const std::string& key, std::uint32_t type, const std::string& value) {
        ++count_;
        body_ += counted(key) + number(type) + value;
        return *this;
    }

    std::uint64_t count_ = 0;
    std::string body_;
};

const std::string kG = "tokenizer.ggml.";

GgufBytes ggufWith(const std::vector<std::string>& tokens, const std::vector<std::int32_t>& types,
                   const std::vector<std::string>& merges) {
    return GgufBytes()
        .text(kG + "model", "gpt2")
        .text(kG + "pre", "gpt-2")
        .texts(kG + "tokens", tokens)
        .numbers(kG + "token_type", types)
        .texts(kG + "merges", merges);
}

// `value` is JSON; "" removes the key.
void row(const char* pointer, const char* value, const char* named) {
    QTest::addRow("%s = %.60s", pointer, value) << QString(pointer) << QString(value) << QString(named);
}

void modelRows() {
    row("/model", "3", "model: is not an object");
    row("/model", "", "model: is not an object");
    row("/model/type", "\"WordPiece\"", "model.type");
    row("/model/type", "7", "model.type");
    row("/model/dropout", "0.1", "model.dropout");
    row("/model/byte_fallback", "true", "model.byte_fallback");
    row("/model/byte_fallback", "\"no\"", "model.byte_fallback");
    row("/model/ignore_merges", "1", "model.ignore_merges");
    row("/model/continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix");
    row("/model/end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix");
    row("/model/unk_token", "\"<|endoftext|>\"", "model.unk_token");
    row("/model/vocab", "[]", "model.vocab");
    row("/model/vocab", "", "model.vocab");
    row("/model/vocab/zzzz", "\"5\"", "zzzz");
    row("/model/vocab/zzzz", "-1", "zzzz");
    row("/model/vocab/zzzz", "3", "zzzz");
    row("/model/vocab/zzzz", "1e9", "zzzz");
    row("/model/vocab/zzzz", "1000000000", "zzzz");
    row("/model/vocab/zzzz", "18446744073709551615", "zzzz");
    row("/model/vocab/", "1999", "empty token");
    row("/model/merges", "\"a b\"", "model.merges");
    row("/model/merges", "", "model.merges");
    row("/model/merges/3", "\"a\"", "model.merges[3]");
    row("/model/merges/3", "\"a b c\"", "model.merges[3]");
    row("/model/merges/3", "\"a \"", "model.merges[3]");
    row("/model/merges/3", "[\"a\",\"b\",\"c\"]", "model.merges[3]");
    row("/model/merges/3", "[\"a\"]", "model.merges[3]");
    row("/model/merges/3", "[\"a\",3]", "model.merges[3][1]");
    row("/model/merges/3", "null", "model.merges[3]");
    row("/model/merges/3", "\"qqq zzz\"", "model.merges[3]");
    row("/model/merges/-", "\"h e\"", "model.merges");  // it is there already
}

void otherRows() {
    row("/added_tokens", "{}", "added_tokens");
    row("/added_tokens/0", "\"x\"", "added_tokens[0]");
    row("/added_tokens/0/content", "", "added_tokens[0].content");
    row("/added_tokens/0/content", "\"\"", "added_tokens[0]");
    row("/added_tokens/0/id", "1", "added_tokens[0]");
    row("/added_tokens/0/id", "-1", "added_tokens[0].id");
    row("/added_tokens/0/id", "4294967296", "added_tokens[0].id");
    row("/added_tokens/0/id", "1.5", "added_tokens[0].id");
    row("/added_tokens/0/single_word", "true", "added_tokens[0].single_word");
    row("/added_tokens/0/special", "\"yes\"", "added_tokens[0].special");
    row("/added_tokens/1/content", "\"<|endoftext|>\"", "added_tokens");
    row("/added_tokens/-", R"({"id":0,"content":"<|endoftext|>"})", "added_tokens");
    row("/added_tokens/-", R"({"id":2000000,"content":"<new>"})", "added_tokens[5]");
    row("/normalizer", R"({"type":"NFKC"})", "normalizer.type");
    row("/normalizer", R"({"type":"Sequence","normalizers":[{"type":"Lowercase"}]})", "normalizer.normalizers[0].type");
    row("/normalizer", R"({"type":"Sequence"})", "normalizer.normalizers");
    row("/normalizer", "\"NFC\"", "normalizer");
    row("/pre_tokenizer", "", "pre_tokenizer");
    row("/pre_tokenizer", R"({"type":"Metaspace"})", "pre_tokenizer.type");
    row("/pre_tokenizer", R"({"type":"Digits"})", "pre_tokenizer");
    row("/pre_tokenizer/pretokenizers", "[]", "pre_tokenizer.pretokenizers");
    row("/pre_tokenizer/pretokenizers/1", "", "pre_tokenizer.pretokenizers");
    row("/pre_tokenizer/pretokenizers/-", R"({"type":"Digits"})", "pre_tokenizer.pretokenizers[2]");
    row("/pre_tokenizer/pretokenizers/0", R"({"type":"Sequence"})", "pre_tokenizer.pretokenizers[0].type");
    row("/pre_tokenizer/pretokenizers/0/individual_digits", "2", "individual_digits");
    row("/pre_tokenizer/pretokenizers/1/add_prefix_space", "true", "add_prefix_space");
    row("/pre_tokenizer/pretokenizers/1/add_prefix_space", "", "add_prefix_space");  // HF's default is true
    row("/decoder", "", "decoder");
    row("/decoder/type", "\"Metaspace\"", "decoder");
}

void patternRows() {
    const auto split = [](const char* pattern, const char* behavior, const char* named) {
        const json stage = {
            {"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", false}};
        row("/pre_tokenizer/pretokenizers/0", stage.dump().c_str(), named);
    };
    split("a", "MergedWithNext", "pretokenizers[0].behavior");
    split("a", "Contiguous", "pretokenizers[0].behavior");
    split("", "Isolated", "pretokenizers[0].pattern");
    split("(a", "Isolated", "pretokenizers[0]");
    split("[a", "Isolated", "pattern: is not supported because of a class that is not closed");
    split("a\\", "Isolated", "a backslash at the end");
    split("\\w+", "Isolated", "\\w");
    split("\\h", "Isolated", "\\h");
    split("[\\S]", "Isolated", "a negated set within a class");
    split("[a[b]]", "Isolated", "a class within a class");
    split("[a&&b]", "Isolated", "an intersection");
    split("[]a]", "Isolated", "an empty class");
    split("^a", "Isolated", "the anchor ^");
    split("a$", "Isolated", "the anchor $");
    split("(*LIMIT_MATCH=1)a", "Isolated", "a verb");
    split("(?P<x>a)", "Isolated", "the group");
    split("(?i)a", "Isolated", "the group");
    split("a{,3}", "Isolated", "the quantifier");
    split("a{2}+", "Isolated", "the quantifier");
    split("\\p{L", "Isolated", "\\p without");
    split("\\pL", "Isolated", "\\p without");
    split("\\p{^L}", "Isolated", "the property");
    split("\\p{Klingon}", "Isolated", "pretokenizers[0]");
    split("a{1000}{1000}", "Isolated", "pretokenizers[0]");
}

}  // namespace

class TestTokenizerFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void jsonIsRefused_data();
    void jsonIsRefused();
    void textIsRefused_data();
    void textIsRefused();
    void ggufIsRefused_data();
    void ggufIsRefused();
    void smallGgufIsRead();
    void unknownTokenIsAllowedWhereItCannotArise();
    void missingFileIsTheUsersMistake();
    void chatTemplateIsFoundBesideTheFile();

private:
    std::string write(const std::string& name, const std::string& bytes) const;

    QTemporaryDir folder_;
    json smollm_, gpt2_;
};

void TestTokenizerFiles::initTestCase() {
    smollm_ = fixture::readJson("smollm/tokenizer.json");
    gpt2_ = fixture::readJson("gpt2/tokenizer.json");
}

std::string TestTokenizerFiles::write(const std::string& name, const std::string& bytes) const {
    const std::string path = folder_.filePath(QString::fromStdString(name)).toStdString();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

void TestTokenizerFiles::jsonIsRefused_data() {
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("named");
    modelRows();
    otherRows();
    patternRows();
}

void TestTokenizerFiles::jsonIsRefused() {
    QFETCH(QString, pointer);
    QFETCH(QString, value);
    QFETCH(QString, named);
    json document = smollm_;
    const json::json_pointer at(pointer.toStdString());
    json& parent = document[at.parent_pointer()];
    if (!value.isEmpty()) {
        document[at] = json::parse(value.toStdString());
    } else if (parent.is_array()) {
        parent.erase(std::stoul(at.back()));
    } else {
        parent.erase(at.back());
    }
    const std::string path = write("tokenizer.json", document.dump());
    const std::string said = refusal(path);
    QVERIFY2(said.starts_with(path + ": "), said.c_str());
    QVERIFY2(said.find(named.toStdString()) != std::string::npos, said.c_str());
}

void TestTokenizerFiles::textIsRefused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("named");
    const QByteArray whole = QByteArray::fromStdString(smollm_.dump());
    QTest::newRow("empty") << QByteArray() << "byte";
    QTest::newRow("cut") << whole.left(whole.size() / 2) << "byte";
    QTest::newRow("more after the end") << whole + "{}"
                                        << "byte";
    QTest::newRow("not an object") << QByteArray("[1,2]") << "is not an object";
    QTest::newRow("deep") << QByteArray(100'000, '[') << "deeper";
    QTest::newRow("key twice") << QByteArray(R"({"model":{"type":"BPE","type":"BPE"}})") << "twice";
    QTest::newRow("token twice") << QByteArray(R"({"model":{"type":"BPE","vocab":{"a":0,"a":1}}})") << "twice";
    QTest::newRow("not UTF-8") << QByteArray("{\"model\":\"\xff\"}") << "byte";
    QTest::newRow("long string") << "{\"a\":\"" + QByteArray(100'000, 'x') + "\"}"
                                 << "longer";
    QTest::newRow("zero bytes") << QByteArray(64, '\0') << "byte";
}

void TestTokenizerFiles::textIsRefused() {
    QFETCH(QByteArray, text);
    QFETCH(QString, named);
    const std::string said = refusal(write("tokenizer.json", text.toStdString()));
    QVERIFY2(said.find(named.toStdString()) != std::string::npos, said.c_str());
}

void TestTokenizerFiles::ggufIsRefused_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* name, const GgufBytes& file, const std::string& named) {
        QTest::newRow(name) << QByteArray::fromStdString(file.bytes()) << QString::fromStdString(named);
    };
    row("no tokenizer", GgufBytes(), kG + "model");
    row("sentencepiece", GgufBytes().text(kG + "model", "llama"), kG + "model");
    row("model is a flag", GgufBytes().flag(kG + "model", true), kG + "model");
    row("unknown splitter", GgufBytes().text(kG + "model", "gpt2").text(kG + "pre", "tekken"), "tekken");
    row("prefix space", GgufBytes().text(kG + "model", "gpt2").flag(kG + "add_space_prefix", true), "add_space_prefix");
    row("no tokens", GgufBytes().text(kG + "model", "gpt2"), kG + "tokens");
    row("no types", GgufBytes().text(kG + "model", "gpt2").texts(kG + "tokens", {"a"}), kG + "token_type");
    row("types too short", ggufWith({"a", "b"}, {1}, {}), kG + "token_type");
    row("unknown type", ggufWith({"a", "b"}, {1, 9}, {}), kG + "token_type[1]");
    row("byte type", ggufWith({"a", "b"}, {1, 6}, {}), kG + "token_type[1]");
    row("empty token", ggufWith({"a", ""}, {1, 1}, {}), kG + "tokens[1]");
    row("token twice", ggufWith({"a", "a"}, {1, 1}, {}), kG + "tokens[1]");
    row("half a character", ggufWith({"a", "\xe2\x82"}, {1, 3}, {}), kG + "tokens[1]");
    row("merge of one", ggufWith({"a", "b"}, {1, 1}, {"ab"}), kG + "merges[0]");
    row("empty merge", ggufWith({"a", "b"}, {1, 1}, {""}), kG + "merges[0]");
    row("merge without result", ggufWith({"a", "b"}, {1, 1}, {"a b"}), kG + "merges[0]");
    row("merge of unknown", ggufWith({"a", "ab"}, {1, 1}, {"a b"}), kG + "merges[0]");
    row("merge twice", ggufWith({"a", "b", "ab"}, {1, 1, 1}, {"a b", "a b"}), kG + "merges");
}

void TestTokenizerFiles::ggufIsRefused() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, named);
    const std::string path = write("model.gguf", bytes.toStdString());
    const std::string said = refusal(path);
    QVERIFY2(said.starts_with(path + ": "), said.c_str());
    QVERIFY2(said.find(named.toStdString()) != std::string::npos, said.c_str());
}

// Shows that the files above are refused for their one mistake and not for being small.
void TestTokenizerFiles::smallGgufIsRead() {
    const auto tokenizer = fm::Tokenizer::open(
        write("model.gguf", ggufWith({"a", "b", "ab", "<s>", "x y", "[PAD]"}, {1, 1, 1, 3, 4, 5}, {"a b"}).bytes()));
    QCOMPARE(tokenizer->vocabSize(), 6);
    QCOMPARE(tokenizer->encode("abba<s>x y[PAD]"), (fixture::Ids{2, 1, 0, 3, 4}));
    QCOMPARE(tokenizer->encodeOrdinary("a<s>x y"), (fixture::Ids{0, 4}));
    QVERIFY(tokenizer->isSpecial(3) && !tokenizer->isSpecial(4) && !tokenizer->isSpecial(5));
    QCOMPARE(tokenizer->decode({2, 3, 4, 5, 6, -1}), std::string("ab<s>x y[PAD]"));
    QCOMPARE(tokenizer->idOf("<s>"), 3);
    QCOMPARE(tokenizer->idOf("absent"), -1);
}

void TestTokenizerFiles::unknownTokenIsAllowedWhereItCannotArise() {
    json document = gpt2_;
    document["model"]["unk_token"] = "<|endoftext|>";
    QCOMPARE(refusal(write("tokenizer.json", document.dump())), std::string());
}

void TestTokenizerFiles::missingFileIsTheUsersMistake() {
    for (const char* path : {"/nonexistent", "/nonexistent/model.gguf", "/"}) {
        QVERIFY_EXCEPTION_THROWN(fm::Tokenizer::open(path), fm::InputError);
    }
}

void TestTokenizerFiles::chatTemplateIsFoundBesideTheFile() {
    write("tokenizer.json", gpt2_.dump());
    const std::string folder = folder_.path().toStdString();
    QCOMPARE(fm::Tokenizer::open(folder)->chatTemplate(), std::string());
    write("tokenizer_config.json", R"({"chat_template":"one"})");
    QCOMPARE(fm::Tokenizer::open(folder)->chatTemplate(), std::string("one"));
    write("tokenizer_config.json",
          R"({"chat_template":[{"name":"rag","template":"no"},{"name":"default","template":"two"}]})");
    QCOMPARE(fm::Tokenizer::open(folder)->chatTemplate(), std::string("two"));
    write("chat_template.jinja", "three");
    QCOMPARE(fm::Tokenizer::open(folder)->chatTemplate(), std::string("three"));
}

QTEST_GUILESS_MAIN(TestTokenizerFiles)
#include "test_tokenizer_files.moc"
