// inspect, tokenize and logits of the real program against what other programs computed (fixtures).
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <cstring>

#include "core/formats/safetensors.h"
#include "tests/app/program_runner.h"
#include "tests/formats/tokenizer_fixture.h"

namespace fm::testing {

namespace {

// fp32 sums in another order than in transformers; the project's bound for logits.
constexpr double kMaxLogitError = 2e-4;

nlohmann::json readJson(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) return {};
    return nlohmann::json::parse(file.readAll().toStdString(), nullptr, false);
}

template <class T>
std::vector<T> valuesOf(const SafetensorsFile& file, const std::string& name) {
    const TensorView* view = file.find(name);
    std::vector<T> values(static_cast<std::size_t>(view->elements()));
    std::memcpy(values.data(), view->bytes.data(), view->bytes.size());
    return values;
}

double logSumExp(const std::vector<float>& logits, std::size_t begin) {
    double sum = 0;
    for (std::size_t i = begin; i < logits.size(); ++i) sum += std::exp(static_cast<double>(logits[i]));
    return std::log(sum);
}

}  // namespace

class TestCliModels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tokenizeEqualsTokenizers_data();
    void tokenizeEqualsTokenizers();
    void tokenizeTakesBytesAsTheyAre();
    void logitsEqualTransformers_data();
    void logitsEqualTransformers();
    void logitsDoNotDependOnThreads();
    void inspectDescribesTheConfig_data();
    void inspectDescribesTheConfig();
    void inspectListsWhatDoesNotFit();
    void damagedFilesAreOne();
};

void TestCliModels::tokenizeEqualsTokenizers_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("model");
    for (const char* name : {"gpt2", "llama3", "qwen2", "smollm"}) {
        QTest::addRow("%s", name) << QString(name) << fixture(QString("tokenizers/%1").arg(name));
    }
    QTest::newRow("GGUF") << QString("qwen2") << fixture("tokenizers/qwen2.gguf");
}

// Starting the program costs more than tokenizing: some strings through the program, all of them in tests/formats.
void TestCliModels::tokenizeEqualsTokenizers() {
    QFETCH(QString, name);
    QFETCH(QString, model);
    const std::vector<std::string> strings = ::fixture::readStrings();
    const std::vector<::fixture::Ids> expected = ::fixture::readAnswers(name.toStdString()).ids;
    QCOMPARE(expected.size(), strings.size());
    for (std::size_t i = 7; i < strings.size(); i += strings.size() / 8) {
        const QByteArray string = QByteArray::fromStdString(strings[i]);
        const ProgramRun from_input = runFlashmorph({"tokenize", model, "--json"}, string);
        QCOMPARE(from_input.exit_code, 0);
        QCOMPARE(text(from_input.json()), "{\"ids\":" + text(nlohmann::json(expected[i])) + "}");
        if (string.contains('\0')) continue;
        const ProgramRun from_option =
            runFlashmorph({"--json", "tokenize", model, "--text", QString::fromUtf8(string)});
        QCOMPARE(text(from_option.json()), text(from_input.json()));
    }
}

void TestCliModels::tokenizeTakesBytesAsTheyAre() {
    const QString model = fixture("tokenizers/qwen2");
    QCOMPARE(text(runFlashmorph({"tokenize", model, "--json"}).json()), std::string(R"({"ids":[]})"));
    QCOMPARE(text(runFlashmorph({"tokenize", model, "--json", "--text", ""}).json()), std::string(R"({"ids":[]})"));
    const nlohmann::json without = runFlashmorph({"tokenize", model, "--json"}, "word").json()["ids"];
    const nlohmann::json with = runFlashmorph({"tokenize", model, "--json"}, "word\n").json()["ids"];
    QVERIFY(with.size() > without.size());  // the line end counts
    const ProgramRun broken = runFlashmorph({"tokenize", model, "--json"}, "a\xff\xfe\x80z");
    QVERIFY(broken.exit_code == 0 || broken.exit_code == 2);
    QVERIFY(broken.json().is_object());
}

void TestCliModels::logitsEqualTransformers_data() {
    QTest::addColumn<QString>("model");
    for (const char* name : {"llama_rope", "smollm", "qwen2", "qwen3"}) QTest::addRow("%s", name) << QString(name);
}

void TestCliModels::logitsEqualTransformers() {
    QFETCH(QString, model);
    const QString folder = fixture("model/" + model);
    const SafetensorsFile expected = SafetensorsFile::open((folder + "/expected.safetensors").toStdString());
    for (const char* which : {"0", "1"}) {
        const std::vector<std::int32_t> ids = valuesOf<std::int32_t>(expected, std::string("ids_") + which);
        const std::vector<float> logits = valuesOf<float>(expected, std::string("logits_") + which);
        const std::size_t vocabulary = logits.size() / ids.size();
        const std::size_t last = logits.size() - vocabulary;
        QStringList words;
        for (const std::int32_t id : ids) words << QString::number(id);

        const ProgramRun run = runFlashmorph({"logits", folder, "--ids", words.join(","), "--json"});
        QCOMPARE(run.exit_code, 0);
        const nlohmann::json top = run.json()["top"];
        QCOMPARE(top.size(), std::size_t(20));
        const double log_sum = logSumExp(logits, last);
        double previous = INFINITY;
        for (const nlohmann::json& entry : top) {
            const double exact = static_cast<double>(logits[last + entry["id"].get<std::size_t>()]);
            QVERIFY(std::abs(entry["logit"].get<double>() - exact) <= kMaxLogitError);
            QVERIFY(std::abs(entry["logprob"].get<double>() - (exact - log_sum)) <= 2 * kMaxLogitError);
            QVERIFY(entry["logit"].get<double>() <= previous);
            previous = entry["logit"].get<double>();
        }
        int above = 0;  // nothing outside the list is larger than its last entry
        for (std::size_t i = last; i < logits.size(); ++i) {
            above += static_cast<double>(logits[i]) > previous + kMaxLogitError ? 1 : 0;
        }
        QVERIFY(above <= 20);
    }
}

void TestCliModels::logitsDoNotDependOnThreads() {
    const QStringList arguments = {"logits", fixture("model/smollm"), "--ids", "3,1,4,1,5", "--json", "--threads"};
    const nlohmann::json one = runFlashmorph(arguments + QStringList{"1"}).json()["top"];
    const nlohmann::json two = runFlashmorph(arguments + QStringList{"2"}).json()["top"];
    QCOMPARE(one.size(), std::size_t(20));
    for (std::size_t i = 0; i < one.size(); ++i) {
        QVERIFY(std::abs(one[i]["logit"].get<double>() - two[i]["logit"].get<double>()) <= kMaxLogitError);
    }
}

void TestCliModels::inspectDescribesTheConfig_data() { logitsEqualTransformers_data(); }

void TestCliModels::inspectDescribesTheConfig() {
    QFETCH(QString, model);
    const QString folder = fixture("model/" + model);
    const nlohmann::json config = readJson(folder + "/config.json");
    const ProgramRun run = runFlashmorph({"inspect", folder, "--json"});
    QCOMPARE(run.exit_code, 0);
    const nlohmann::json report = run.json();
    QCOMPARE(text(report["format"]), std::string("\"safetensors\""));
    QCOMPARE(text(report["problems"]), std::string("[]"));
    QCOMPARE(report["content_hash"].get<std::string>().size(), std::size_t(32));
    const nlohmann::json& found = report["config"];
    QCOMPARE(text(found["vocab_size"]), text(config["vocab_size"]));
    QCOMPARE(text(found["hidden_size"]), text(config["hidden_size"]));
    QCOMPARE(text(found["intermediate_size"]), text(config["intermediate_size"]));
    QCOMPARE(text(found["num_layers"]), text(config["num_hidden_layers"]));
    QCOMPARE(text(found["num_heads"]), text(config["num_attention_heads"]));
    QCOMPARE(text(found["num_kv_heads"]), text(config["num_key_value_heads"]));
    QCOMPARE(text(found["tie_embeddings"]), text(config["tie_word_embeddings"]));
    QCOMPARE(found["rms_norm_eps"].get<double>(), config["rms_norm_eps"].get<double>());
    QCOMPARE(found["rope_scaling"].is_null(), model != "llama_rope");

    const SafetensorsFile weights = SafetensorsFile::open((folder + "/model.safetensors").toStdString());
    std::int64_t parameters = 0;
    for (const TensorView& view : weights.tensors()) parameters += view.elements();
    QCOMPARE(report["tensors"]["parameters"].get<std::int64_t>(), parameters);
    QCOMPARE(report["tensors"]["count"].get<std::size_t>(), weights.tensors().size());
}

static void copyModel(const QString& from, const QTemporaryDir& to) {
    QVERIFY(QFile::copy(from + "/config.json", to.filePath("config.json")));
    QVERIFY(QFile::copy(from + "/model.safetensors", to.filePath("model.safetensors")));
}

// The vocabulary in config.json does not fit the embedding any more.
void TestCliModels::inspectListsWhatDoesNotFit() {
    const QTemporaryDir folder;
    copyModel(fixture("model/qwen3"), folder);
    QFile config(folder.filePath("config.json"));
    QVERIFY(config.open(QIODevice::ReadWrite));
    QByteArray text = config.readAll();
    QVERIFY(text.contains("\"vocab_size\": 96"));
    text.replace("\"vocab_size\": 96", "\"vocab_size\": 97");
    config.seek(0);
    config.write(text);
    config.close();
    const ProgramRun run = runFlashmorph({"inspect", folder.path(), "--json"});
    QCOMPARE(run.exit_code, 1);
    const nlohmann::json problems = run.json()["problems"];
    QCOMPARE(problems.size(), std::size_t(1));
    QVERIFY(problems[0].get<std::string>().find("embed_tokens") != std::string::npos);
    QCOMPARE(runFlashmorph({"logits", folder.path(), "--ids", "1"}).exit_code, 1);  // strict loading refuses it
}

void TestCliModels::damagedFilesAreOne() {
    const QTemporaryDir folder;
    copyModel(fixture("model/qwen3"), folder);
    QFile weights(folder.filePath("model.safetensors"));
    QVERIFY(weights.resize(weights.size() / 2));
    for (const char* verb : {"inspect", "logits"}) {
        QStringList arguments = {verb, folder.path(), "--json"};
        if (arguments[0] == "logits")
            arguments << "--ids"
                      << "1";
        const ProgramRun run = runFlashmorph(arguments);
        QCOMPARE(run.exit_code, 1);
        QVERIFY2(run.json()["error"]["text"].get<std::string>().find("model.safetensors") != std::string::npos,
                 run.out.constData());
    }
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestCliModels)
#include "test_cli_models.moc"
