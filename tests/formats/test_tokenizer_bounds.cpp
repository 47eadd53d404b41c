// Text of any kind and size: broken UTF-8, very long pieces, patterns without end, several threads.
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <thread>

#include "core/base/error.h"
#include "core/formats/byte_level.h"
#include "core/formats/tokenizer.h"
#include "core/formats/tokenizer_utf8.h"
#include "tests/formats/tokenizer_fixture.h"

namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

// A quadratic method would need hours for the texts below; a linear one a fraction of a second.
constexpr std::int64_t kLinear_ms = 20'000;

std::shared_ptr<const fm::Tokenizer> openFamily(const char* family) {
    return fm::Tokenizer::open(fixture::path(family));
}

}  // namespace

class TestTokenizerBounds : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void byteSpelling();
    void brokenUtf8_data();
    void brokenUtf8();
    void brokenTextIsEncodedAsItsRepair();
    void streamKeepsWhatIsIncomplete();
    void longPiecesTakeLinearTime_data();
    void longPiecesTakeLinearTime();
    void endlessPatternIsRefused();
    void deepPatternFallsBackToTheInterpreter();
    void threadsShareOneTokenizer();
};

void TestTokenizerBounds::byteSpelling() {
    QCOMPARE(fm::spellingOfBytes(" a\n\xff"), std::string("ĠaĊÿ"));  // GPT-2's published table
    QCOMPARE(fm::spellingOfBytes("\xad"), std::string("Ń"));         // its last character
    for (int byte = 0; byte < 256; ++byte) {
        const std::string one(1, static_cast<char>(byte));
        QCOMPARE(fm::bytesOfSpelling(fm::spellingOfBytes(one)).value_or("none"), one);
    }
    for (const char* other : {" ", "a b", "\n", "漢", "\xc4", "\xff", "\xc0\x80", "ń"}) {
        QVERIFY2(!fm::bytesOfSpelling(other).has_value(), other);
    }
}

void TestTokenizerBounds::brokenUtf8_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("pattern");  // '?' is U+FFFD
    const auto row = [](const char* name, const char* bytes, const char* pattern) {
        QTest::newRow(name) << QByteArray(bytes) << pattern;
    };
    // The Unicode Standard, tables 3-8, 3-9, 3-10 and 3-11.
    row("non-shortest", "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", "????????A");
    row("surrogates", "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", "????????A");
    row("other ill-formed", "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", "?????A??B");
    row("truncated", "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "????A");
    row("well-formed", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x91\x8D", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x91\x8D");
}

void TestTokenizerBounds::brokenUtf8() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, pattern);
    const std::string expected = pattern.replace("?", kReplacement).toStdString();
    QCOMPARE(fm::replaceBrokenUtf8(bytes.toStdString()), expected);
    QCOMPARE(fm::isUtf8(bytes.toStdString()), bytes.toStdString() == expected);
}

void TestTokenizerBounds::brokenTextIsEncodedAsItsRepair() {
    for (const char* family : {"gpt2", "qwen2"}) {
        const auto tokenizer = openFamily(family);
        QCOMPARE(tokenizer->encode("the \xff end\xe2\x82"),
                 tokenizer->encode(std::string("the ") + kReplacement + " end" + kReplacement));
        QCOMPARE(tokenizer->decode(tokenizer->encode("\x80")), std::string(kReplacement));
    }
}

void TestTokenizerBounds::streamKeepsWhatIsIncomplete() {
    const auto tokenizer = openFamily("gpt2");
    const auto byteToken = [&](const char* byte) { return tokenizer->idOf(fm::spellingOfBytes(byte)); };
    fm::StreamDecoder stream(tokenizer);
    QCOMPARE(stream.push(byteToken("\xE2")), std::string());
    QCOMPARE(stream.push(byteToken("\x82")), std::string());
    QCOMPARE(stream.push(byteToken("\xAC")), std::string("€"));
    QCOMPARE(stream.push(byteToken("\xF0")), std::string());
    QCOMPARE(stream.push(byteToken("A")), kReplacement + std::string("A"));  // can no longer become a character
    QCOMPARE(stream.push(byteToken("\xE2")), std::string());
    QCOMPARE(stream.finish(), std::string(kReplacement));
    QCOMPARE(stream.finish(), std::string());
}

void TestTokenizerBounds::longPiecesTakeLinearTime_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("one letter") << QByteArray(200'000, 'a');
    QTest::newRow("two letters") << QByteArray("th").repeated(40'000);
    QTest::newRow("blanks") << QByteArray(200'000, ' ');
    QTest::newRow("blanks and a letter") << QByteArray(200'000, ' ') + "x";
    QTest::newRow("line ends") << QByteArray("\r\n").repeated(40'000);
    QTest::newRow("line ends and blanks") << QByteArray("\n ").repeated(40'000) + "x";
    QTest::newRow("dashes") << QByteArray(200'000, '-');
    QTest::newRow("digits") << QByteArray(200'000, '7');
    QTest::newRow("begun special tokens") << QByteArray("<|im_").repeated(40'000);
    QTest::newRow("combining marks") << "q" + QByteArray("\xCC\x81").repeated(40'000);
}

void TestTokenizerBounds::longPiecesTakeLinearTime() {
    QFETCH(QByteArray, text);
    for (const char* family : {"gpt2", "smollm", "llama3", "qwen2"}) {
        const auto tokenizer = openFamily(family);
        QElapsedTimer timer;
        timer.start();
        const fixture::Ids ids = tokenizer->encode(text.toStdString());
        QVERIFY2(timer.elapsed() < kLinear_ms, family);
        QVERIFY(tokenizer->decode(ids) == text.toStdString());
    }
}

namespace {

std::string withPattern(const QTemporaryDir& folder, const std::string& pattern) {
    nlohmann::json document = fixture::readJson("llama3/tokenizer.json");
    document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern;
    const std::string path = folder.filePath("tokenizer.json").toStdString();
    std::ofstream(path, std::ios::binary) << document;
    return path;
}

}  // namespace

void TestTokenizerBounds::endlessPatternIsRefused() {
    const QTemporaryDir folder;
    const std::string path = withPattern(folder, "(?:a|aa|aaa)+[cd]");
    const auto tokenizer = fm::Tokenizer::open(path);
    QCOMPARE(tokenizer->decode(tokenizer->encode("aaac")), std::string("aaac"));
    try {
        tokenizer->encode(std::string(200, 'a'));
        QFAIL("2^200 steps were taken");
    } catch (const fm::FormatError& error) {
        const std::string said = error.what();
        QVERIFY2(said.starts_with(path + ": pre_tokenizer.pretokenizers[0]: "), said.c_str());
    }
}

// JIT has 32 KB of stack, and this group needs some for each repetition.
void TestTokenizerBounds::deepPatternFallsBackToTheInterpreter() {
    const QTemporaryDir folder;
    const auto tokenizer = fm::Tokenizer::open(withPattern(folder, "(?:(a)|(b))+c"));
    const std::string text = std::string(20'000, 'a') + "c";
    QCOMPARE(tokenizer->decode(tokenizer->encode(text)), text);
}

void TestTokenizerBounds::threadsShareOneTokenizer() {
    const auto tokenizer = openFamily("qwen2");
    const std::vector<std::string> strings = fixture::readStrings();
    const fixture::Answers answers = fixture::readAnswers("qwen2");
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < strings.size(); ++i) {
                if (tokenizer->encode(strings[i]) != answers.ids[i]) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    QCOMPARE(wrong.load(), 0);
}

QTEST_GUILESS_MAIN(TestTokenizerBounds)
#include "test_tokenizer_bounds.moc"
