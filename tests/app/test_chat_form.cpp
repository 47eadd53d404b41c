// The chat form of a study's prompts, from the option to the answers: a small SmolLM-like teacher with SmolLM2's chat
// template. What an eval recorded is generated again, here, from the prompt that was written by hand around the text.
#include <ATen/ATen.h>

#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>

#include "core/export/model_folder.h"
#include "core/model/hybrid_model.h"
#include "core/store/run_reader.h"
#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/app/serve_driver.h"
#include "tests/support/built_in_model.h"
#include "tests/support/tiny_model.h"

namespace fm::testing {

class TestChatForm : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void isKeptInTheStudy();
    void isThePromptOfEverySample();
    void isRefusedWithoutATemplate();

private:
    QStringList options() const {
        return {"--study", study(), "--teacher", teacher(), "--device", "cpu", "--threads", "1", "--json", "--quiet"};
    }
    QString study() const { return folder_.filePath("study"); }
    QString teacher() const { return folder_.filePath("teacher"); }
    // Runs the eval and gives the header of its run.
    RunOpened evaluated(const QStringList& more, Json& result) const;

    QTemporaryDir folder_;
    DecoderWeights weights_;
    Json chat_;  // result of an eval in the chat form
};

// The tokenizer of the data fixtures splits as SmolLM's does; its template becomes SmolLM2's own.
void TestChatForm::initTestCase() {
    ModelConfig config = tinyConfig(2, false);
    config.vocab_size = 903;
    config.max_position = 512;
    weights_ = randomWeights(config, 3, at::kCPU, at::kFloat);
    writeModelFolder(teacher().toStdString(), weights_, DType::F32, FM_FIXTURES "/data/tokenizer_smollm");
    QFile forms(FM_FIXTURES "/tokenizers/chat.json");
    QVERIFY(forms.open(QIODevice::ReadOnly));
    for (const Json& form : Json::parse(forms.readAll().toStdString())) {
        if (form["family"] != "smollm2") continue;
        QFile settings(teacher() + "/tokenizer_config.json");
        QVERIFY(settings.open(QIODevice::WriteOnly));
        settings.write(Json{{"chat_template", form["template"]}}.dump().c_str());
    }
}

RunOpened TestChatForm::evaluated(const QStringList& more, Json& result) const {
    const ProgramRun run = runFlashmorph(options() + more +
                                         QStringList{"eval", "--layers", "all", "--tasks", "niah_single_1", "--lengths",
                                                     "512", "--depths", "2", "--samples", "1"});
    if (run.exit_code != 0) throw std::runtime_error(run.err.toStdString());
    result = run.json();
    return RunReader(study().toStdString() + "/runs/" + result["run"].get<std::string>() + ".h5").header();
}

void TestChatForm::isKeptInTheStudy() {
    Json base, again;
    QCOMPARE(evaluated({}, base).chat_family, std::string());
    QCOMPARE(evaluated({"--chat", "chat"}, chat_).chat_family, std::string("smollm2"));
    QVERIFY(Study::open(study().toStdString()).info().chat);
    QCOMPARE(chat_["chat_family"].get<std::string>(), std::string("smollm2"));
    const QString run = QString::fromStdString(chat_["run"].get<std::string>());
    const Json shown = runFlashmorph({"runs", "show", run, "--study", study(), "--json"}).json();
    QCOMPARE(shown["chat_family"].get<std::string>(), std::string("smollm2"));
    QCOMPARE(evaluated({}, again).chat_family, std::string("smollm2"));  // a setting of the study, not of one command
    QCOMPARE(evaluated({"--chat", "base"}, again).chat_family, std::string());
    QVERIFY(!Study::open(study().toStdString()).info().chat);
}

// The study has the other form by now; the run knows its own.
void TestChatForm::isThePromptOfEverySample() {
    ServeDriver engine({FM_PROGRAM, "serve"});
    engine.initialize();
    engine.ask("study/open", {{"path", study().toStdString()}});
    static const QRegularExpression form(
        "^<\\|im_start\\|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<\\|im_end\\|>\n"
        "<\\|im_start\\|>user\nA special magic number is hidden within the following text\\. .*\n"
        "What is the special magic number for ([^?\n]+) mentioned in the provided text\\?<\\|im_end\\|>\n"
        "<\\|im_start\\|>assistant\nThe special magic number for \\1 mentioned in the provided text is$",
        QRegularExpression::DotMatchesEverythingOption);
    const std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::open(teacher().toStdString());
    for (int index = 0; index < 2; ++index) {
        const Json sample = engine.ask("sample/get", {{"run", chat_["run"]}, {"index", index}});
        const QString prompt = QString::fromStdString(sample["prompt"].get<std::string>());
        QVERIFY2(form.match(prompt).hasMatch(), qPrintable(prompt));
        const std::vector<TokenId> ids = tokenizer->encode(prompt.toStdString());
        QCOMPARE(sample["ids"].get<std::vector<TokenId>>(), ids);
        QVERIFY2(ids.size() + 128 <= 512, "the chat form is counted in the length");
        const std::int64_t end_of_turn = tokenizer->idOf("<|im_end|>");
        const std::string given = tokenizer->decode(generateGreedy(teacherModel(weights_), ids, 128, {end_of_turn}));
        QCOMPARE(sample["given"].get<std::string>(), given);
        QCOMPARE(sample["teacher"].get<std::string>(), given);
    }
}

// The built-in teacher is no chat model. Nothing of the wish is kept.
void TestChatForm::isRefusedWithoutATemplate() {
    const QString other = folder_.filePath("other");
    const QStringList asked = {"--study", other, "--teacher", QString::fromStdString(builtInModel()), "--json"};
    const ProgramRun refused = runFlashmorph(asked + QStringList{"--chat", "chat", "eval", "--layers", "all"});
    QCOMPARE(refused.exit_code, 2);
    QCOMPARE(problemFields(refused), QStringList{"chat"});
    QVERIFY(!QFile::exists(other + "/study.json"));
    QCOMPARE(runFlashmorph(asked + QStringList{"--chat", "loud", "eval", "--layers", "all"}).exit_code, 2);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestChatForm)
#include "test_chat_form.moc"
