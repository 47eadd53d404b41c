// Token ids against HF tokenizers on 2,486 hard strings per family, read from tokenizer.json and from GGUF metadata.
#include <QTest>
#include <memory>

#include "core/formats/tokenizer.h"
#include "tests/formats/tokenizer_fixture.h"

using fixture::Ids;

namespace {

std::string shown(const Ids& ids) {
    std::string text;
    for (const std::int32_t id : ids) text += std::to_string(id) + " ";
    return text;
}

}  // namespace

class TestTokenizerIds : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void encodesAsHf_data();
    void encodesAsHf();
    void decodesAsHf_data();
    void decodesAsHf();
    void streamingGivesTheSameText_data();
    void streamingGivesTheSameText();
    void smollm2SentenceOfThePrototype();

private:
    void families();
    void check(const fm::Tokenizer& tokenizer, const fixture::Answers& answers);

    std::vector<std::string> strings_;
};

void TestTokenizerIds::initTestCase() {
    strings_ = fixture::readStrings();
    QVERIFY(strings_.size() >= 2000);
}

void TestTokenizerIds::families() {
    QTest::addColumn<QString>("family");
    QTest::addColumn<QString>("file");
    for (const QString family : {"gpt2", "smollm", "llama3", "qwen2"}) {
        QTest::addRow("%s json", qPrintable(family)) << family << family;
        QTest::addRow("%s gguf", qPrintable(family)) << family << family + ".gguf";
    }
    QTest::addRow("SmolLM2-135M") << "smollm2" << qEnvironmentVariable("FM_SMOLLM2_GGUF");
}

#define OPEN_OR_SKIP(tokenizer, answers)                                                          \
    QFETCH(QString, family);                                                                      \
    QFETCH(QString, file);                                                                        \
    if (file.isEmpty()) QSKIP("FM_SMOLLM2_GGUF does not name a SmolLM2-135M-Instruct GGUF file"); \
    const bool is_real = family == "smollm2";                                                     \
    const std::shared_ptr<const fm::Tokenizer> tokenizer =                                        \
        fm::Tokenizer::open(is_real ? file.toStdString() : fixture::path(file.toStdString()));    \
    const fixture::Answers answers = fixture::readAnswers(family.toStdString())

void TestTokenizerIds::check(const fm::Tokenizer& tokenizer, const fixture::Answers& answers) {
    QCOMPARE(answers.ids.size(), strings_.size());
    int wrong = 0;
    for (std::size_t i = 0; i < strings_.size(); ++i) {
        const Ids ids = tokenizer.encode(strings_[i]);
        if (ids == answers.ids[i]) continue;
        if (++wrong > 5) continue;
        qWarning("string %zu %s", i, QByteArray::fromStdString(strings_[i]).toPercentEncoding(" ").constData());
        qWarning("  ours %s\n  HF's %s", shown(ids).c_str(), shown(answers.ids[i]).c_str());
    }
    QCOMPARE(wrong, 0);
    for (const auto& [i, expected] : answers.ordinary) QCOMPARE(tokenizer.encodeOrdinary(strings_[i]), expected);
}

void TestTokenizerIds::encodesAsHf_data() { families(); }

void TestTokenizerIds::encodesAsHf() {
    OPEN_OR_SKIP(tokenizer, answers);
    // The GGUF fixtures end with three padding tokens.
    QCOMPARE(tokenizer->vocabSize(), answers.vocab_size + (file.endsWith(".gguf") && !is_real ? 3 : 0));
    check(*tokenizer, answers);
}

void TestTokenizerIds::decodesAsHf_data() { families(); }

void TestTokenizerIds::decodesAsHf() {
    OPEN_OR_SKIP(tokenizer, answers);
    QVERIFY(answers.decoded.size() > 100);
    for (const auto& [ids, text] : answers.decoded) QCOMPARE(tokenizer->decode(ids), text);
}

void TestTokenizerIds::streamingGivesTheSameText_data() { families(); }

void TestTokenizerIds::streamingGivesTheSameText() {
    OPEN_OR_SKIP(tokenizer, answers);
    fm::StreamDecoder stream(tokenizer);
    for (const auto& [ids, expected] : answers.decoded) {
        std::string text;
        for (const std::int32_t id : ids) {
            const std::string part = stream.push(id);
            QVERIFY(QString::fromStdString(part).toStdString() == part);  // complete UTF-8
            text += part;
        }
        QCOMPARE(text + stream.finish(), expected);
    }
}

// As an independent implementation in Python cut the sentence with the same file.
void TestTokenizerIds::smollm2SentenceOfThePrototype() {
    const std::string path = qEnvironmentVariable("FM_SMOLLM2_GGUF").toStdString();
    if (path.empty()) QSKIP("FM_SMOLLM2_GGUF does not name a SmolLM2-135M-Instruct GGUF file");
    const auto tokenizer = fm::Tokenizer::open(path);
    std::vector<std::string> tokens;
    for (const std::int32_t id : tokenizer->encode("Hello world, it's 12345  tokens!")) {
        tokens.push_back(tokenizer->tokenBytes(id));
    }
    QCOMPARE(tokens, (std::vector<std::string>{"Hello", " world", ",", " it", "'s", " ", "1", "2", "3", "4", "5", " ",
                                               " tokens", "!"}));
    QCOMPARE(tokenizer->chatFamily(), std::string("smollm2"));
    QCOMPARE(tokenizer->idOf("<|im_end|>"), 2);
    QVERIFY(tokenizer->isSpecial(2));
}

QTEST_GUILESS_MAIN(TestTokenizerIds)
#include "test_tokenizer_ids.moc"
