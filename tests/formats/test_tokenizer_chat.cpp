// Chat forms against the templates rendered by jinja2 (tests/fixtures/tokenizers/make_chat.py).
#include <QTest>

#include "core/formats/chat_template.h"
#include "core/formats/tokenizer.h"
#include "tests/formats/tokenizer_fixture.h"

class TestTokenizerChat : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void recognisesTheFamily();
    void wrapsAsTheTemplateDoes();
    void baseModelsGetTheRawPrompt();
};

void TestTokenizerChat::recognisesTheFamily() {
    const nlohmann::json cases = fixture::readJson("chat.json");
    QVERIFY(cases.size() >= 20);
    for (const nlohmann::json& one : cases) {
        QCOMPARE(fm::chatFamilyOf(one["template"].get<std::string>()), one["family"].get<std::string>());
    }
    QCOMPARE(fm::chatFamilyOf(""), std::string());
}

void TestTokenizerChat::wrapsAsTheTemplateDoes() {
    for (const nlohmann::json& one : fixture::readJson("chat.json")) {
        const std::string family = one["family"].get<std::string>();
        if (family.empty()) continue;
        const std::string rendered = one["rendered"].get<std::string>();
        QCOMPARE(fm::wrapChat(family, one["user"].get<std::string>(), " The answer is"), rendered + " The answer is");
    }
}

void TestTokenizerChat::baseModelsGetTheRawPrompt() {
    QCOMPARE(fm::wrapChat("", "a question", " an answer"), std::string("a question an answer"));
}

QTEST_GUILESS_MAIN(TestTokenizerChat)
#include "test_tokenizer_chat.moc"
