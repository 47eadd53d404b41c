// Every verb of a study on the built-in teacher, through the real program: what --json says is complete, in range and
// agrees with the run file and with the other verbs; the same job from a spec file gives the same numbers bit for bit.
#include <ATen/ATen.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <set>

#include "core/store/run_reader.h"
#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/support/built_in_model.h"

namespace fm::testing {

namespace {

constexpr int kLayers = 12;

using Json = nlohmann::json;

bool inRange(const Json& value, double low, double high) {
    return value.is_number() && value.get<double>() >= low && value.get<double>() <= high;
}

// "" when `plan` is {"full_layers", "budget", "plan"} in agreement with each other.
std::string planProblem(const Json& plan) {
    const std::string key = plan.at("plan").get<std::string>();
    if (key.size() != kLayers || key.find_first_not_of("FL") != std::string::npos) return "plan " + key;
    std::vector<int> full;
    for (int l = 0; l < kLayers; ++l)
        if (key[static_cast<std::size_t>(l)] == 'F') full.push_back(l);
    if (plan.at("full_layers").get<std::vector<int>>() != full) return "full_layers of " + key;
    return plan.at("budget").get<int>() == static_cast<int>(full.size()) ? "" : "budget of " + key;
}

std::string costProblem(const Json& cost, int budget) {
    // Two heads of K and V, 32 wide, in bf16: 256 bytes a token and layer; fp32 state of 4 heads x 32 x 32.
    if (cost.at("kv_bytes_per_token").get<int>() != 256 * budget) return "kv_bytes_per_token";
    if (cost.at("state_bytes").get<int>() != (kLayers - budget) * 4 * 32 * 32 * 4) return "state_bytes";
    if (std::abs(cost.at("kv_share").get<double>() - budget / 12.0) > 1e-12) return "kv_share";
    return inRange(cost.at("predicted_decode_speedup"), 0.5, 100) ? "" : "predicted_decode_speedup";
}

std::string scoresProblem(const Json& s) {
    for (const char* share : {"token_accuracy", "exact_match", "top1_agreement", "exact_match_low", "exact_match_high",
                              "teacher_exact_match"})
        if (!inRange(s.at(share), 0, 1)) return share;
    for (const char* value : {"answer_kl", "answer_nll", "text_kl", "answer_kl_low", "answer_kl_high", "text_kl_high"})
        if (!inRange(s.at(value), -1e-6, 50)) return value;
    if (!inRange(s.at("text_perplexity"), 1, 1e5)) return "text_perplexity";
    std::int64_t answers = 0;
    for (const auto& [task, part] : s.at("tasks").items()) answers += part.at("answers").get<std::int64_t>();
    return answers > 0 && answers == s.at("answers").get<std::int64_t>() ? "" : "answers";
}

// What may differ between two runs of the same spec.
Json withoutIdentity(Json json) {
    json.erase("run");
    if (json.contains("plans"))
        for (Json& plan : json["plans"]) plan.erase("wall_ms");
    return json;
}

}  // namespace

class TestStudyVerbs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void align();
    void gatesAndPlan();
    void planOfAnyStepAndBudget();
    void probe();
    void select();
    void judge();
    void interact();
    void distillAndEval();
    void exportAndVerify();
    void specFilesGiveTheSameNumbers_data();
    void specFilesGiveTheSameNumbers();
    void runsAreListed();

private:
    void checkEval(const Json& eval);
    Json result(const QStringList& arguments) {
        const ProgramRun run = runFlashmorph(options() + arguments);
        if (run.exit_code != 0) qWarning("%s", run.err.constData());
        return run.exit_code == 0 ? run.json() : Json();
    }
    QStringList options() const {
        return {"--study", study(), "--json", "--quiet", "--device", "cpu", "--threads", "2"};
    }
    QString study() const { return folder_.filePath("study"); }
    RunReader reader(const Json& result) const {
        return RunReader(study().toStdString() + "/runs/" + result.at("run").get<std::string>() + ".h5");
    }

    QTemporaryDir folder_;
    std::string branches_;
    Json gates_, distilled_;
};

// A study with the shipped branch set, as the demo makes one.
void TestStudyVerbs::initTestCase() {
    QVERIFY(writeShortText(folder_.filePath("text.txt"), 60'000));
    StudyInfo info;
    info.teacher_path = builtInModel();
    info.teacher_hash = Checkpoint::open(builtInModel())->contentHash();
    info.text_path = folder_.filePath("text.txt").toStdString();
    Study made = Study::create(study().toStdString(), info);
    branches_ = loadBuiltInBranches(loadBuiltIn()).id;
    const std::string path = "branches/" + branches_ + ".safetensors";
    QVERIFY(QFile::copy(QString::fromStdString(builtInModel()) + "/branches.safetensors",
                        study() + "/" + QString::fromStdString(path)));
    made.update([&](StudyInfo& i) { i.artifacts[branches_] = {ArtifactKind::BranchSet, path, "", {i.teacher_hash}}; });
}

// In a study of its own, so that the shipped branches stay the newest.
void TestStudyVerbs::align() {
    const QStringList own = {"--study",   folder_.filePath("own"),
                             "--teacher", QString::fromStdString(builtInModel()),
                             "--text",    folder_.filePath("text.txt"),
                             "--json",    "--quiet",
                             "--threads", "2"};
    const ProgramRun run =
        runFlashmorph(own + QStringList{"align", "--steps", "3", "--tokens-per-step", "512", "--lengths", "256",
                                        "--eval-every", "3", "--tasks", "mk8q4"});
    QVERIFY2(run.exit_code == 0, run.err.constData());
    const Json json = run.json();
    const QString set = folder_.filePath("own/branches/") + QString::fromStdString(json["branches"].get<std::string>());
    QVERIFY(QFile::exists(set + ".safetensors"));
    const RunReader reader(folder_.filePath("own/runs/").toStdString() + json["run"].get<std::string>() + ".h5");
    QCOMPARE(reader.state(), RunState::Finished);
    QCOMPARE(reader.readIntegers("steps/index"), (std::vector<std::int64_t>{0, 1, 2}));
    QCOMPARE(reader.readIntegers("held_out/steps"), (std::vector<std::int64_t>{0, 3}));
    for (const float error : reader.readVectors("held_out/rel_error").values) QVERIFY(error > 0 && error < 1.5f);
    const Study made = Study::open(folder_.filePath("own").toStdString());
    QCOMPARE(made.info().artifacts.at(json["branches"].get<std::string>()).made_by, json["run"].get<std::string>());
}

void TestStudyVerbs::gatesAndPlan() {
    gates_ = result({"gates", "--steps", "8", "--tokens-per-step", "512", "--budget", "3", "--probe-sequences", "4",
                     "--lr", "0.1", "--tasks", "mk8q4,hop4q4", "--lengths", "256", "--probe-every", "4"});
    QVERIFY(gates_.is_object());
    QCOMPARE(planProblem(gates_["plan"]), std::string());
    QCOMPARE(gates_["plan"]["budget"].get<int>(), 3);
    QCOMPARE(costProblem(gates_["cost"], 3), std::string());
    for (const char* gates : {"alpha", "alpha_mean"}) {
        QCOMPARE(gates_[gates].size(), std::size_t{kLayers});
        for (const Json& gate : gates_[gates]) QVERIFY(inRange(gate, 0, 1));
    }
    QVERIFY(gates_["lambda"].get<double>() > 0 && gates_["dead"].is_boolean() && gates_["swapped"].is_boolean());
    const RunReader run = reader(gates_);
    QCOMPARE(run.rows(0), std::int64_t{8});
    QCOMPARE(run.header().parents, std::vector<std::string>{branches_});
    const FloatMatrix alpha = run.readVectors("gates/alpha", 7, 1);
    for (std::size_t l = 0; l < kLayers; ++l) QCOMPARE(alpha.values[l], gates_["alpha"][l].get<float>());
    const Json plan = result({"plan", study()});
    QCOMPARE(text(plan["full_layers"]), text(gates_["plan"]["full_layers"]));
    QCOMPARE(text(plan["cost"]), text(gates_["cost"]));
    QCOMPARE(plan["run"].get<std::string>(), gates_["run"].get<std::string>());
}

void TestStudyVerbs::planOfAnyStepAndBudget() {
    const QString run = QString::fromStdString(gates_["run"].get<std::string>());
    const std::vector<float> mean = reader(gates_).readVectors("gates/alpha_mean", 5, 1).values;
    std::set<int> previous;
    for (const int budget : {0, 1, 3, 7, kLayers}) {
        const Json plan = result({"plan", study(), "--run", run, "--step", "5", "--budget", QString::number(budget)});
        QCOMPARE(planProblem(plan), std::string());
        QCOMPARE(costProblem(plan["cost"], budget), std::string());
        const std::vector<int> layers = plan["full_layers"].get<std::vector<int>>();
        const std::set<int> full(layers.begin(), layers.end());
        QVERIFY(std::includes(full.begin(), full.end(), previous.begin(), previous.end()));  // budgets are nested
        for (const int in : full)
            for (int out = 0; out < kLayers; ++out)
                QVERIFY(full.contains(out) ||
                        mean[static_cast<std::size_t>(in)] >= mean[static_cast<std::size_t>(out)]);
        previous = full;
    }
    const Json pinned = result({"plan", study(), "--budget", "2", "--pin", "11=full", "--pin", "0=linear"});
    const std::string key = pinned["plan"].get<std::string>();
    QVERIFY(key[11] == 'F' && key[0] == 'L' && pinned["budget"].get<int>() == 2);
    for (const QStringList& wrong : {QStringList{"--budget", "13"},
                                     {"--step", "8"},
                                     {"--pin", "12=full"},
                                     {"--pin", "1=half"},
                                     {"--run", "20260314T150926Z-gates-ffffff"}}) {
        QCOMPARE(runFlashmorph(options() + QStringList{"plan", study()} + wrong).exit_code, 2);
    }
}

void TestStudyVerbs::probe() {
    const QStringList small = {"--tasks", "mk8q4,hop4q4", "--lengths", "256", "--sequences", "6"};
    const Json teacher = result(QStringList{"probe", "--layers", "all"} + small);
    const Json linear = result(QStringList{"probe", "--layers", "none"} + small);
    const Json chosen = result(QStringList{"probe"} + small);
    for (const Json* scores : {&teacher, &linear, &chosen}) {
        QCOMPARE(scoresProblem(*scores), std::string());
        QCOMPARE(planProblem((*scores)["plan"]), std::string());
        const Json stored = Json::parse(reader(*scores).header().spec_json);  // says which run and branches were meant
        QCOMPARE(stored["run"].get<std::string>(), scores == &chosen ? gates_["run"].get<std::string>() : "");
        QCOMPARE(stored["branches"].get<std::string>(), scores == &teacher ? "" : branches_);
        QCOMPARE(reader(*scores).readNumbers("probes/answer_kl"),
                 std::vector<double>{(*scores)["answer_kl"].get<double>()});
    }
    QCOMPARE(teacher["answer_kl"].get<double>(), 0.0);
    QCOMPARE(teacher["top1_agreement"].get<double>(), 1.0);
    QVERIFY2(teacher["tasks"]["mk8q4"]["exact_match"].get<double>() > 0.8,
             text(teacher).c_str());  // resources/models/README.md: it knows these tasks
    QVERIFY(linear["exact_match"].get<double>() < 0.3);
    QVERIFY(linear["answer_kl"].get<double>() > 1);
    QCOMPARE(text(chosen["plan"]), text(gates_["plan"]));  // the newest gate run's, with its swaps
}

void TestStudyVerbs::select() {
    const Json json =
        result({"select", "--tasks", "mk8q4", "--lengths", "256", "--sequences", "6", "--budgets", "2,3", "--selectors",
                "uniform-a,uniform-b,local-error,remove-one,restore-one,random", "--random-plans", "3"});
    QCOMPARE(json["plans"].size(), std::size_t{12});
    for (const Json& entry : json["plans"]) {
        QCOMPARE(planProblem(entry["plan"]), std::string());
        QCOMPARE(scoresProblem(entry), std::string());
    }
    QCOMPARE(json["plans"][0]["plan"]["plan"].get<std::string>(), std::string("FLLLLLFLLLLL"));
    QCOMPARE(json["plans"][3]["plan"]["plan"].get<std::string>(), std::string("LLLFLLLFLLLF"));
    QCOMPARE(reader(json).readTexts("plans/plan").size(), std::size_t{12});
}

// Every chosen plan of the study on one probe, tasks like those of training and an unseen family beside each other.
void TestStudyVerbs::judge() {
    const Json json = result({"judge", "--tasks", "mk8q4", "--unseen", "single", "--lengths", "256", "--sequences", "9",
                              "--subjects", "uniform-a@2,uniform-b@2,layers:4 8"});
    QCOMPARE(json["subjects"].size(), std::size_t{4});  // and all-linear
    std::vector<std::string> names;
    for (const Json& subject : json["subjects"]) {
        names.push_back(subject["name"].get<std::string>());
        QCOMPARE(scoresProblem(subject), std::string());
        QCOMPARE(subject["seen"]["answer_kl"]["n"].get<int>(), 9);
        QCOMPARE(subject["unseen"]["answer_kl"]["n"].get<int>(), 9);
        const double mean = (subject["seen"]["answer_kl"]["value"].get<double>() +
                             subject["unseen"]["answer_kl"]["value"].get<double>()) /
                            2;
        QVERIFY(std::abs(subject["answer_kl"].get<double>() - mean) < 1e-9);  // tasks alike
    }
    QCOMPARE(names, (std::vector<std::string>{"all-linear", "by hand", "uniform-a", "uniform-b"}));
    QCOMPARE(json["differences"].size(), std::size_t{6});
    const RunReader run = reader(json);
    QCOMPARE(run.readTexts("subjects/name"), names);
    QCOMPARE(run.readTexts("probes/purpose"), std::vector<std::string>(4, "judge"));
    for (const QStringList& wrong : {QStringList{"--subjects", "best"},
                                     {"--subjects", "uniform-a@13"},
                                     {"--subjects", "hybrid:nobody"},
                                     {"--unseen", "mk8q4", "--tasks", "mk8q4"}})
        QCOMPARE(runFlashmorph(options() + QStringList{"judge", "--sequences", "1"} + wrong).exit_code, 2);
}

void TestStudyVerbs::interact() {
    const Json json = result({"interact", "--tasks", "mk8q4", "--lengths", "256", "--sequences", "2", "--pair-layers",
                              "1,4,7", "--layers", "4,7"});
    QCOMPARE(text(json["layers"]), std::string("[1,4,7]"));
    QCOMPARE(json["pair_extra"].size(), std::size_t{9});
    QCOMPARE(json["curvature"].size(), std::size_t{kLayers * kLayers});
    for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY(json["single"][i].get<double>() >= 0);
        QCOMPARE(json["pair_extra"][i * 3 + i].get<double>(), 0.0);
        for (std::size_t j = 0; j < 3; ++j)
            QCOMPARE(json["pair_extra"][i * 3 + j].get<double>(), json["pair_extra"][j * 3 + i].get<double>());
    }
    const RunReader run = reader(json);
    QCOMPARE(run.readIntegers("interact/first"), (std::vector<std::int64_t>{1, 1, 4}));
    QCOMPARE(run.readTexts("interact/plan").front(), std::string("LLLLFLLFLLLL"));
}

// Two tasks, lengths and depths, a sequence each: what is printed is what the run file says.
void TestStudyVerbs::checkEval(const Json& eval) {
    QCOMPARE(eval["cells"].size(), std::size_t{8});
    QCOMPARE(eval["sequences"], Json(8));
    QCOMPARE(eval["questions"], Json(8));
    const RunReader run = reader(eval);
    const std::vector<double> recalls = run.readNumbers("eval/samples/recall"),
                              scores = run.readNumbers("eval/scores/recall"),
                              low = run.readNumbers("eval/scores/recall_low"),
                              high = run.readNumbers("eval/scores/recall_high");
    QCOMPARE(recalls.size(), std::size_t{8});
    double sum = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        QCOMPARE(eval["cells"][i]["recall"].get<double>(), recalls[i]);
        sum += recalls[i];
    }
    QCOMPARE(eval["recall"].get<double>(), sum / 8);
    QCOMPARE(scores, (std::vector<double>{eval["tasks"][0]["recall"], eval["tasks"][1]["recall"], eval["recall"]}));
    QCOMPARE(eval["recall_low"].get<double>(), low[2]);
    QCOMPARE(eval["recall_high"].get<double>(), high[2]);
    QVERIFY(low[2] <= scores[2] && scores[2] <= high[2] && low[2] < high[2]);
    QVERIFY(eval["recall"].get<double>() >= eval["exact_match"].get<double>());
    for (const std::string& expected : run.readTexts("eval/samples/expected")) QVERIFY(!expected.empty());
}

void TestStudyVerbs::distillAndEval() {
    distilled_ = result({"distill", "--steps", "4", "--tokens-per-step", "512", "--tasks", "mk8q4", "--lengths", "256",
                         "--name", "first", "--warm-up", "1"});
    QCOMPARE(text(distilled_["plan"]), text(gates_["plan"]));
    const std::string hybrid = distilled_["hybrid"].get<std::string>();
    const Study made = Study::open(study().toStdString());
    QCOMPARE(made.info().labels.at(hybrid).name, std::string("first"));
    std::set<std::string> ancestors;
    for (const LineageNode& node : made.lineage(hybrid)) ancestors.insert(node.id);
    for (const std::string& id :
         {made.info().teacher_hash, branches_, gates_["run"].get<std::string>(), distilled_["run"].get<std::string>()})
        QVERIFY2(ancestors.contains(id), id.c_str());

    const QString id = QString::fromStdString(hybrid);
    const Json scores = result({"probe", "--hybrid", id, "--tasks", "mk8q4", "--lengths", "256", "--sequences", "4"});
    QCOMPARE(scoresProblem(scores), std::string());
    const Json eval = result(
        {"eval", "--hybrid", id, "--tasks", "mk8q4,hop4q4", "--lengths", "192,256", "--depths", "2", "--samples", "1"});
    checkEval(eval);
    QVERIFY(inRange(eval["teacher_recall"], 0.9, 1));  // the built-in teacher answers its own tasks
    const Json teacher = result({"eval", "--layers", "all", "--tasks", "mk8q4,hop4q4", "--lengths", "192,256",
                                 "--depths", "2", "--samples", "1"});
    checkEval(teacher);
    QVERIFY(!teacher.contains("teacher_recall"));
    QCOMPARE(teacher["recall"], eval["teacher_recall"]);
    QCOMPARE(runFlashmorph(options() + QStringList{"eval", "--hybrid", "no-such"}).exit_code, 2);
}

void TestStudyVerbs::exportAndVerify() {
    const QString hybrid = QString::fromStdString(distilled_["hybrid"].get<std::string>());
    const Json json = result({"export", "--hybrid", hybrid, "--dtype", "f32"});
    const QString folder = QString::fromStdString(json["folder"].get<std::string>());
    for (const char* file : {"config.json", "model.safetensors", "tokenizer.json", "verdict.json", "README.md"})
        QVERIFY2(QFile::exists(folder + "/" + file), file);
    const ProgramRun verified = runFlashmorph({"verify", folder, "--json"});
    QCOMPARE(verified.exit_code, 0);
    QVERIFY(verified.json().is_object());
    QFile weights(folder + "/model.safetensors");  // one weight off: the exponent of the last number
    QVERIFY(weights.open(QIODevice::ReadWrite));
    weights.seek(weights.size() - 1);
    weights.write("\x7e");
    weights.close();
    QCOMPARE(runFlashmorph({"verify", folder, "--json"}).exit_code, 1);
}

void TestStudyVerbs::specFilesGiveTheSameNumbers_data() {
    QTest::addColumn<QStringList>("arguments");
    const QStringList task = {"--tasks", "mk8q4", "--lengths", "256"};
    QTest::newRow("gates") << QStringList{"gates", "--steps", "3",      "--tokens-per-step", "512", "--probe-sequences",
                                          "2",     "--pins",  "0=full", "--budget",          "2"} +
                                  task;
    QTest::newRow("gates paper") << QStringList{"gates", "--mode",
                                                "paper", "--steps",
                                                "2",     "--tokens-per-step",
                                                "256",   "--probe-sequences",
                                                "0"} +
                                        task;
    QTest::newRow("select") << QStringList{"select",    "--selectors", "uniform-b,local-error",
                                           "--budgets", "3",           "--sequences",
                                           "2"} +
                                   task;
    QTest::newRow("probe") << QStringList{"probe", "--layers", "2,5", "--sequences", "2"} + task;
    QTest::newRow("interact") << QStringList{"interact", "--pair-layers", "0,1", "--no-curvature", "--sequences", "1"} +
                                     task;
    QTest::newRow("distill") << QStringList{"distill", "--layers", "2,5", "--steps", "2", "--tokens-per-step", "512"} +
                                    task;
    QTest::newRow("eval") << QStringList{"eval", "--layers", "2,5", "--depths", "2", "--samples", "1"} + task;
}

void TestStudyVerbs::specFilesGiveTheSameNumbers() {
    QFETCH(QStringList, arguments);
    const Json direct = result(arguments);
    QVERIFY(direct.is_object());
    const Json spec = result(arguments + QStringList{"--print-spec"});
    QCOMPARE(spec["job"].get<std::string>(), arguments[0].toStdString());
    QFile file(folder_.filePath("spec.json"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(spec.dump()));
    file.close();
    const ProgramRun run =
        runFlashmorph({"run", file.fileName(), "--json", "--quiet", "--device", "cpu", "--threads", "2"});
    QVERIFY2(run.exit_code == 0, run.err.constData());
    QCOMPARE(text(withoutIdentity(run.json())), text(withoutIdentity(direct)));
    // The spec that the run file holds is complete: it is the printed one with what was left open filled in.
    const Json stored = Json::parse(reader(run.json()).header().spec_json);
    for (const auto& [field, value] : spec.items()) {
        if (field == "job" || field == "study") continue;
        QVERIFY2(stored.contains(field), field.c_str());
        if (text(value) != "\"\"" && text(value) != "[]") QCOMPARE(text(stored[field]), text(value));
    }
}

void TestStudyVerbs::runsAreListed() {
    const Json runs = result({"runs", "list"})["runs"];
    QVERIFY(runs.size() >= 20);
    for (const Json& run : runs) QCOMPARE(run["status"].get<std::string>(), std::string("finished"));
    const Json shown = result({"runs", "show", QString::fromStdString(gates_["run"].get<std::string>())});
    QCOMPARE(shown["spec"]["budget"].get<int>(), 3);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestStudyVerbs)
#include "test_study_verbs.moc"
