// Teachers of seeded random shapes, each through one step of every job in this process: whatever `inspect` accepts must
// either work or be refused in a sentence, and never end the program.
#include <ATen/ATen.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>
#include <random>

#include "app/cli/program.h"
#include "core/export/model_folder.h"
#include "core/model/branches/mixer_names.h"
#include "tests/support/built_in_model.h"

namespace fm::testing {

namespace {

QStringList kinds() {
    QStringList names;
    for (const std::string& name : mixerNames()) names << QString::fromStdString(name);
    return names;
}

constexpr int kShapes = 36;
constexpr std::int64_t kVocabulary = 1024;  // the built-in tokenizer's

struct Shape {
    ModelConfig config;
    QStringList branch_options;
};

// One command of the program in this process: exit code and everything it wrote.
struct Command {
    int exit_code = -1;
    QByteArray written;
};

Command runHere(const QStringList& arguments) {
    std::vector<QByteArray> words = {"flashmorph"};
    for (const QString& argument : arguments) words.push_back(argument.toUtf8());
    std::vector<const char*> argv;
    for (const QByteArray& word : words) argv.push_back(word.constData());
    std::FILE* const file = std::tmpfile();
    std::fflush(stdout), std::fflush(stderr);
    const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO), dup2(fileno(file), STDERR_FILENO);
    Command command;
    command.exit_code = cli::runProgram(static_cast<int>(argv.size()), argv.data());
    std::fflush(stdout), std::fflush(stderr);
    dup2(out, STDOUT_FILENO), dup2(err, STDERR_FILENO);
    close(out), close(err);
    std::rewind(file);
    char block[4096];
    for (std::size_t read = 0; (read = std::fread(block, 1, sizeof block, file)) > 0;)
        command.written.append(block, static_cast<qsizetype>(read));
    std::fclose(file);
    return command;
}

ModelConfig smallConfig(ModelFamily family) {
    ModelConfig config;
    config.family = family;
    config.qkv_bias = family == ModelFamily::Qwen2;
    config.qk_norm = family == ModelFamily::Qwen3;
    config.vocab_size = kVocabulary;
    config.hidden_size = 16;
    config.intermediate_size = 24;
    config.num_layers = 2;
    config.num_heads = 2;
    config.num_kv_heads = 1;
    config.head_dim = 8;
    config.max_position = 128;
    return config;
}

Shape randomShape(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto from = [&random](std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
    };
    const auto one = [&](const QStringList& words) { return words[from(0, words.size() - 1)]; };
    Shape shape;
    ModelConfig& config = shape.config = smallConfig(static_cast<ModelFamily>(from(0, 2)));
    config.vocab_size = kVocabulary + from(0, 1) * from(1, 77);  // padded, as real ones are
    config.hidden_size = from(1, 72);
    config.intermediate_size = from(1, 96);
    config.num_layers = from(1, 3);
    config.num_kv_heads = from(1, 3);
    config.num_heads = config.num_kv_heads * from(1, 3) + (from(0, 9) == 0);  // now and then no multiple
    config.head_dim = from(0, 3) == 0 ? from(1, 320) : 2 * from(1, 160);      // now and then odd
    config.tie_embeddings = from(0, 1) == 1;
    config.rms_norm_eps = from(0, 1) == 1 ? 1e-5 : 1e-6;
    config.rope_theta = from(0, 1) == 1 ? 1e4 : 1e6;
    if (config.family == ModelFamily::Llama && from(0, 1) == 1)
        config.rope_scaling = Llama3RopeScaling{8, 1, 4, from(16, 8192)};
    shape.branch_options = {
        "--kind", one(kinds()), "--form", one({"exportable", "plain"}), "--kv-heads", one({"expanded", "grouped"})};
    return shape;
}

QString described(const Shape& shape) {
    const ModelConfig& c = shape.config;
    return QString("%1 heads %2/%3 x %4, width %5, %6 layers%7%8 %9")
        .arg(toString(c.family))
        .arg(c.num_heads)
        .arg(c.num_kv_heads)
        .arg(c.head_dim)
        .arg(c.hidden_size)
        .arg(c.num_layers)
        .arg(c.tie_embeddings ? " tied" : "", c.rope_scaling ? " scaled" : "", shape.branch_options.join(' '));
}

}  // namespace

class TestModelShapes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(writeShortText(folder_.filePath("text.txt"), 20'000)); }
    void wideHeadsGoThroughEveryJob_data();
    void wideHeadsGoThroughEveryJob();
    void everyShapeWorksOrIsRefused_data();
    void everyShapeWorksOrIsRefused();
    void theShapesAreWorthIt();
    void aForeignTokenizerIsRefused();

private:
    void writeTeacher(const ModelConfig& config, const QString& path) const;
    // "" when all went well; else the command and what it said.
    QString throughEveryJob(const Shape& shape, const QString& name);

    QTemporaryDir folder_;
    int accepted_ = 0, refused_ = 0;
};

void TestModelShapes::writeTeacher(const ModelConfig& config, const QString& path) const {
    DecoderWeights weights = randomWeights(config, 5, at::kCPU, at::kFloat);
    at::Generator generator = at::detail::createCPUGenerator(6);
    forEachTensor(weights, [&](const std::string&, at::Tensor& t) {  // or attention would hardly do anything
        t.add_(at::randn(t.sizes(), generator, t.options()), 0.1);
    });
    writeModelFolder(path.toStdString(), weights, DType::F32, builtInModel());
    QFile hints(path + "/flashmorph.json");
    QVERIFY(hints.open(QIODevice::WriteOnly) && hints.write(R"({"tasks": ["single", "copy"], "lengths": [96]})") > 0);
}

QString TestModelShapes::throughEveryJob(const Shape& shape, const QString& name) {
    const QString teacher = folder_.filePath(name), study = folder_.filePath("study-" + name);
    writeTeacher(shape.config, teacher);
    const Command inspected = runHere({"inspect", teacher, "--json"});
    if (inspected.exit_code != 0) {
        ++refused_;
        return inspected.written.contains("config.json") ? QString() : QString(inspected.written);
    }
    ++accepted_;
    const QStringList common = {"--study",  study, "--teacher", teacher, "--text",  folder_.filePath("text.txt"),
                                "--device", "cpu", "--threads", "1",     "--quiet", "--json"};
    const QStringList step = {"--steps", "1", "--tokens-per-step", "192"}, linear = {"--layers", "none"};
    const std::vector<QStringList> jobs = {
        QStringList{"export", "--layers", "all", "--dtype", "f32", "--out", study + "/as-it-is"},
        QStringList{"align", "--lengths", "96"} + step + shape.branch_options,
        QStringList{"gates", "--budget", "1", "--probe-sequences", "2"} + step,
        QStringList{"probe", "--sequences", "2"} + linear,
        QStringList{"distill", "--name", "recovered"} + step + linear,
        QStringList{"eval", "--samples", "1", "--depths", "1"} + linear,
        QStringList{"export", "--dtype", "f32", "--out", study + "/hybrid"} + linear};
    for (const QStringList& job : jobs) {
        const Command command = runHere(job + common);
        // No target format holds every shape; the verdict is the sentence.
        const bool judged = job[0] == "export" && command.written.contains("not_representable");
        if (command.exit_code != 0 && !judged) return job.join(' ') + ": " + command.written;
    }
    return {};
}

// What overflowed the stack of the CPU kernels, which hold heads of up to 256: align, gates and all that follow.
void TestModelShapes::wideHeadsGoThroughEveryJob_data() {
    QTest::addColumn<int>("head_dim");
    QTest::addColumn<QString>("kind");
    for (const QString& kind : kinds())
        for (const int head_dim : {256, 258, 320})
            QTest::addRow("%s of %d", qPrintable(kind), head_dim) << head_dim << kind;
}

void TestModelShapes::wideHeadsGoThroughEveryJob() {
    QFETCH(int, head_dim);
    QFETCH(QString, kind);
    Shape shape{smallConfig(ModelFamily::Qwen3), {"--kind", kind}};
    shape.config.head_dim = head_dim;
    const QString problem = throughEveryJob(shape, QString("wide-%1-%2").arg(kind).arg(head_dim));
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
}

void TestModelShapes::everyShapeWorksOrIsRefused_data() {
    QTest::addColumn<quint64>("seed");
    for (quint64 seed = 0; seed < kShapes; ++seed)
        QTest::newRow(qPrintable(QString::number(seed) + ": " + described(randomShape(seed)))) << seed;
}

void TestModelShapes::everyShapeWorksOrIsRefused() {
    QFETCH(quint64, seed);
    const QString problem = throughEveryJob(randomShape(seed), QString("shape-%1").arg(seed));
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
}

// Neither branch of the rule may be empty.
void TestModelShapes::theShapesAreWorthIt() {
    QVERIFY2(accepted_ >= 24 && refused_ >= 3, qPrintable(QString("%1 and %2").arg(accepted_).arg(refused_)));
}

// Ids beyond the embedding would be read from outside of it.
void TestModelShapes::aForeignTokenizerIsRefused() {
    ModelConfig config = smallConfig(ModelFamily::Qwen3);
    config.vocab_size = 600;
    writeTeacher(config, folder_.filePath("foreign"));
    const Command command = runHere({"align", "--steps", "1", "--lengths", "96", "--study", folder_.filePath("other"),
                                     "--teacher", folder_.filePath("foreign"), "--device", "cpu", "--quiet"});
    QCOMPARE(command.exit_code, 1);
    QVERIFY2(command.written.contains("tokenizer has 1024 ids and its embedding 600 rows"),
             command.written.constData());
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestModelShapes)
#include "test_model_shapes.moc"
