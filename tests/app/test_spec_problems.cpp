// A wrong spec of any job: every problem at once, each with its field and what would be right, exit code 2, no run.
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"

namespace fm::testing {

class TestSpecProblems : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyProblemAtOnce_data();
    void everyProblemAtOnce();
    void whatTheStudyMustKnow_data();
    void whatTheStudyMustKnow();

private:
    ProgramRun runSpec(const QByteArray& spec) const;
    std::unique_ptr<TinyStudy> study_;
};

void TestSpecProblems::initTestCase() {
    qputenv("OMP_NUM_THREADS", "1");
    study_ = std::make_unique<TinyStudy>();
    const ProgramRun run = runFlashmorph(QStringList{"align"} + study_->options() +
                                         QStringList{"--steps", "1", "--lengths", "96", "--tokens-per-step", "96"});
    QVERIFY2(run.exit_code == 0, run.err.constData());
}

ProgramRun TestSpecProblems::runSpec(const QByteArray& spec) const {
    QFile file(study_->path("spec.json"));
    if (!file.open(QIODevice::WriteOnly)) return {};
    file.write(spec);
    file.close();
    return runFlashmorph(QStringList{"run", file.fileName()} + study_->options());
}

void TestSpecProblems::everyProblemAtOnce_data() {
    QTest::addColumn<QByteArray>("spec");
    QTest::addColumn<QStringList>("fields");
    const auto row = [](const char* job, const char* spec, const QStringList& fields) {
        QTest::newRow(job) << QByteArray(spec) << fields;
    };
    row("align", R"({"job": "align", "kind": "mamba", "steps": 0, "lr": "fast", "lengths": [64, "x"], "colour": 1})",
        {"colour", "kind", "lengths", "lr", "steps"});
    row("gates",
        R"({"job": "gates", "mode": "best", "budget": -1, "lr": 0.001, "lr_floor": 0.1, "pins": ["0=half", "x"],
            "text_share": 2})",
        {"budget", "lr_floor", "mode", "pins", "pins", "text_share"});
    row("select", R"({"job": "select", "selectors": ["best", "uniform-a", "worst"], "budgets": [-1], "seed": 1.5})",
        {"budgets", "seed", "selectors"});
    row("probe", R"({"job": "probe", "sequences": -1, "pins": ["a=full"], "lengths": 64})",
        {"lengths", "pins", "sequences"});
    row("interact", R"({"job": "interact", "curvature": "yes", "curvature_step": 3, "pins": ["1"]})",
        {"curvature", "curvature_step", "pins"});
    row("distill", R"({"job": "distill", "trains": "some", "warm_up": -2, "clip": 0, "pins": ["2=soft"]})",
        {"clip", "pins", "trains", "warm_up"});
    row("eval", R"({"job": "eval", "depths": 0, "samples": 0, "tasks": "single", "pins": ["0=full", "0"]})",
        {"depths", "pins", "samples", "tasks"});
}

void TestSpecProblems::everyProblemAtOnce() {
    QFETCH(QByteArray, spec);
    QFETCH(QStringList, fields);
    const QStringList before = study_->runIds();
    const ProgramRun run = runSpec(spec);
    QCOMPARE(run.exit_code, 2);
    QCOMPARE(problemFields(run), fields);
    for (const nlohmann::json& problem : run.json()["error"]["problems"])
        QVERIFY(!problem["allowed"].get<std::string>().empty());
    QCOMPARE(study_->runIds(), before);
}

void TestSpecProblems::whatTheStudyMustKnow_data() {
    QTest::addColumn<QByteArray>("spec");
    QTest::addColumn<QStringList>("fields");
    const auto row = [](const char* name, const char* spec, const QStringList& fields) {
        QTest::newRow(name) << QByteArray(spec) << fields;
    };
    row("budget beyond the layers", R"({"job": "gates", "budget": 4, "steps": 1})", {"budget"});
    row("pins that leave no plan", R"({"job": "gates", "budget": 1, "steps": 1, "pins": ["0=full", "1=full"]})",
        {"budget"});
    row("pin beyond the layers", R"({"job": "gates", "budget": 1, "steps": 1, "pins": ["3=full"]})", {"pins"});
    row("too many plans", R"({"job": "select", "selectors": ["exhaustive"], "budgets": [1, 2], "exhaustive_limit": 2})",
        {"exhaustive_limit", "exhaustive_limit"});
    row("budgets", R"({"job": "select", "budgets": [0, 4, 2]})", {"budgets", "budgets"});
    row("layers by hand", R"({"job": "probe", "layers": "0,3,x,0"})", {"layers", "layers", "layers"});
    row("unknown task", R"({"job": "probe", "layers": "0", "tasks": ["single", "dance"]})", {"tasks"});
    row("no branches of that name", R"({"job": "gates", "budget": 1, "branches": "f00"})", {"branches"});
    row("no hybrid of that name", R"({"job": "eval", "hybrid": "f00"})", {"hybrid"});
    row("no gate run yet", R"({"job": "distill"})", {"run"});
    row("beyond the context", R"({"job": "eval", "layers": "0", "lengths": [96, 256, 512]})", {"lengths", "lengths"});
    row("no answers in it", R"({"job": "eval", "layers": "0", "tasks": ["text"]})", {"tasks"});
    row("pair of one", R"({"job": "interact", "curvature": false, "pair_layers": [1, 1]})", {"pair_layers"});
}

void TestSpecProblems::whatTheStudyMustKnow() {
    QFETCH(QByteArray, spec);
    QFETCH(QStringList, fields);
    const ProgramRun run = runSpec(spec);
    QVERIFY2(run.exit_code == 2, run.err.constData());
    QCOMPARE(problemFields(run), fields);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestSpecProblems)
#include "test_spec_problems.moc"
