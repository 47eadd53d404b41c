// Pre-tokenizers, normalisers and added-token flags that other tokenizer.json files ask for, against HF tokenizers.
#include <QTemporaryDir>
#include <QTest>

#include "core/formats/tokenizer.h"
#include "tests/formats/tokenizer_fixture.h"

class TestTokenizerVariants : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void encodesAsHf_data();
    void encodesAsHf();

private:
    nlohmann::json base_, variants_;
};

void TestTokenizerVariants::initTestCase() {
    base_ = fixture::readJson("gpt2/tokenizer.json");
    variants_ = fixture::readJson("variants.json");
    QVERIFY(variants_["strings"].size() > 100);
}

void TestTokenizerVariants::encodesAsHf_data() {
    QTest::addColumn<int>("index");
    const nlohmann::json cases = fixture::readJson("variants.json")["cases"];
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const nlohmann::json& changes = cases[i]["changes"];
        const std::string name = changes.contains("pre_tokenizer") ? changes["pre_tokenizer"].dump() : "added tokens";
        QTest::addRow("%zu %s", i, name.substr(0, 150).c_str()) << static_cast<int>(i);
    }
}

void TestTokenizerVariants::encodesAsHf() {
    QFETCH(int, index);
    const nlohmann::json& variant = variants_["cases"][static_cast<std::size_t>(index)];
    nlohmann::json document = base_;
    document.update(variant["changes"]);
    const QTemporaryDir folder;
    const std::string path = folder.filePath("tokenizer.json").toStdString();
    std::ofstream(path, std::ios::binary) << document;
    const auto tokenizer = fm::Tokenizer::open(path);
    for (std::size_t i = 0; i < variants_["strings"].size(); ++i) {
        const std::string text = variants_["strings"][i].get<std::string>();
        const fixture::Ids expected = fixture::unpacked(variant["ids"][i].get<std::string>(), 2);
        if (tokenizer->encode(text) != expected) {
            qWarning("string %zu: %s", i, QByteArray::fromStdString(text).toPercentEncoding(" ").constData());
            QCOMPARE(tokenizer->encode(text), expected);
        }
    }
}

QTEST_GUILESS_MAIN(TestTokenizerVariants)
#include "test_tokenizer_variants.moc"
