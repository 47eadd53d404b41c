// flashmorph compare on run files that the test writes itself: every figure of the table is known beforehand.
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <limits>

#include "core/store/run_writer.h"
#include "core/store/study.h"
#include "tests/app/program_runner.h"

namespace fm::testing {

namespace {

using Json = nlohmann::json;

constexpr const char* kBranches = "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1";
constexpr const char* kHybrid = "ab12ab12ab12ab12ab12ab12ab12ab12";
constexpr const char* kGates = "20260301T000001Z-gates-000001";
constexpr const char* kTeacherProbe = "20260301T000002Z-probe-000002";
constexpr const char* kPlanProbe = "20260301T000003Z-probe-000003";
constexpr const char* kSelect = "20260301T000004Z-select-000004";
constexpr const char* kHybridProbe = "20260301T000005Z-probe-000005";
constexpr const char* kHybridEval = "20260301T000006Z-eval-000006";
constexpr const char* kPlanEval = "20260301T000007Z-eval-000007";
constexpr const char* kOtherProbe = "20260301T000008Z-probe-000008";
constexpr const char* kCutEval = "20260301T000009Z-eval-000009";
constexpr const char* kOldProbe = "20260301T000010Z-probe-000010";
constexpr const char* kUnfinishedProbe = "20260301T000011Z-probe-000011";

Column number(const char* path) { return {path, CellType::Float64, 1, "", ""}; }
Column word(const char* path) { return {path, CellType::Text, 32, "", ""}; }

Table probes() {
    Table table{"probes", {word("probes/plan")}};
    for (const char* score : {"answer_kl", "exact_match", "text_kl"}) {
        for (const char* end : {"", "_low", "_high"})
            table.columns.push_back(number((std::string("probes/") + score + end).c_str()));
    }
    for (const char* count : {"sequences", "text_sequences", "planned_sequences"})
        table.columns.push_back(number((std::string("probes/") + count).c_str()));
    table.columns.push_back(word("probes/identity"));
    table.columns.push_back(word("probes/purpose"));
    return table;
}

const std::vector<Table> kProbes = {probes()};
const std::vector<Table> kPlans = {{"plans", {word("plans/selector"), word("plans/plan")}}, probes()};
// As they were recorded before probes had an identity.
const std::vector<Table> kOldProbes = {
    {"probes", {word("probes/plan"), number("probes/answer_kl"), number("probes/answer_kl_half_width")}}};
// As earlier versions wrote it, and with the scores over tasks.
const std::vector<Table> kSamples = {
    {"samples",
     {word("eval/samples/task"), word("eval/samples/seed"), number("eval/samples/tokens"), number("eval/samples/depth"),
      number("eval/samples/recall")}}};
const std::vector<Table> kEval = {
    kSamples[0],
    {"scores",
     {word("eval/scores/task"), number("eval/scores/sequences"), number("eval/scores/recall"),
      number("eval/scores/recall_low"), number("eval/scores/recall_high")}}};

std::vector<Table> gatesTables() {
    std::vector<Table> tables = {{"steps",
                                  {{"gates/alpha", CellType::Float32Vector, 3, "", ""},
                                   {"gates/alpha_mean", CellType::Float32Vector, 3, "", ""}}}};
    tables.push_back(kProbes[0]);
    return tables;
}

struct WrittenRow {
    int table = 0;
    Row row;
};

// Three layers; 4 heads x 8, 2 K/V heads (fixture model/qwen3 has its own shape, read by the test).
class StudyOnDisk {
public:
    StudyOnDisk() {
        StudyInfo info;
        info.teacher_path = fixture("model/qwen3").toStdString();
        info.teacher_hash = "t0";
        info.artifacts[kBranches] = {ArtifactKind::BranchSet, "branches/b.safetensors", "", {"t0"}};
        info.artifacts["plan-FL"] = {ArtifactKind::Plan, "", kGates, {kGates, kBranches}};
        info.artifacts[kHybrid] = {ArtifactKind::Hybrid, std::string("hybrids/") + kHybrid, "", {"plan-FL"}};
        info.labels[kHybrid].name = "the good one";
        Study::create(path().toStdString(), info);
    }
    QString path() const { return folder_.filePath("study"); }
    void write(const std::string& run_id, const Json& spec, std::vector<std::string> parents,
               const std::vector<Table>& tables, const std::vector<WrittenRow>& rows, bool finished = true) const {
        RunOpened header;
        header.run_id = run_id;
        header.job = run_id.substr(17, run_id.rfind('-') - 17);
        header.spec_json = spec.dump();
        header.parents = std::move(parents);
        header.tables = tables;
        const std::unique_ptr<RunWriter> writer = RunWriter::inFolder((path() + "/runs").toStdString());
        std::uint64_t seq = 0;
        writer->post({seq++, 0, header});
        for (const WrittenRow& row : rows) writer->post({seq++, 0, RowAppended{row.table, row.row}});
        writer->post({seq++, 0, StateChanged{finished ? RunState::Finished : RunState::Cancelled, ""}});
        writer->close();
    }

private:
    QTemporaryDir folder_;
};

Json probeSpec(const char* layers, int seed) {
    return {{"tasks", {"mk8"}}, {"lengths", {256}}, {"sequences", 8}, {"seed", seed}, {"layers", layers}};
}

Row sampleRow(const std::string& seed, double recall) { return {std::string("mk8"), seed, 256.0, 0.5, recall}; }

// Of 8 sequences with answers and, on the probe "one", 4 of text.
Row scores(const std::string& plan, double kl, const std::string& identity = "one",
           const std::string& purpose = "measure", double planned = 12) {
    const bool text = identity == "one";
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {plan,
            kl,
            kl * 0.9,
            kl * 1.2,
            0.5,
            0.45,
            0.6,
            text ? kl / 2 : none,
            text ? kl / 3 : none,
            text ? kl : none,
            8.0,
            text ? 4.0 : 0.0,
            text ? planned : 8.0,
            identity,
            purpose};
}

}  // namespace

class TestCliCompare : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyMeasurementOnce();
    void costsAreThePlansOwn();
    void someRunsAndSomeHybrids();
    void wrongIdsAreListed();
    void namesAreToldApart();
    void textIsATable();
    void differencesOnly();
    void damagedFilesAreSaid();
    void emptyStudiesSaySo();

private:
    Json compare(const QStringList& more = {}) const {
        return runFlashmorph(QStringList{"compare", study_.path(), "--json"} + more).json();
    }
    StudyOnDisk study_;
};

void TestCliCompare::initTestCase() {
    const Json gates = {{"budget", 1},      {"mode", "paper"},      {"tasks", {"mk8"}},
                        {"lengths", {256}}, {"probe_sequences", 4}, {"lr", 0.02}};
    const std::vector<float> half = {0.5f, 0.5f, 0.5f};
    study_.write(
        kGates, gates, {kBranches}, gatesTables(),
        {{0, {half, half}}, {1, scores("LF", 0.9, "three", "choose")}, {1, scores("FL", 0.7, "three", "choose")}});
    study_.write(kTeacherProbe, probeSpec("all", 1), {}, kProbes, {{0, scores("FF", 0)}});
    study_.write(kPlanProbe, probeSpec("", 1), {kGates, kBranches}, kProbes, {{0, scores("FL", 0.5)}});
    study_.write(kSelect, probeSpec("", 1), {kBranches}, kPlans,
                 {{0, {std::string("uniform-a"), std::string("FL")}},
                  {0, {std::string("uniform-b"), std::string("LF")}},
                  {0, {std::string("random"), std::string("LL")}},
                  {1, scores("FL", 0.5)},
                  {1, scores("LF", 0.6)},
                  {1, scores("LL", 2)}});
    Json hybrid = probeSpec("", 1);
    hybrid["hybrid"] = kHybrid;
    study_.write(kHybridProbe, hybrid, {kHybrid}, kProbes, {{0, scores("FL", 0.1)}});
    const Json eval = {{"hybrid", kHybrid}, {"tasks", {"mk8"}}, {"lengths", {256}}, {"depths", 2},
                       {"samples", 2},      {"new_tokens", 0},  {"seed", 1}};
    study_.write(kHybridEval, eval, {kHybrid}, kEval,
                 {{0, sampleRow("3", 1.0)},
                  {0, sampleRow("4", 0.0)},
                  {1, {std::string("mk8"), 1.0, 0.5, 0.1, 0.9}},
                  {1, {std::string("hop2"), 1.0, 1.0, 0.6, 1.0}},
                  {1, {std::string("all"), 2.0, 0.75, 0.4, 0.9}}});
    Json by_hand = eval;
    by_hand["hybrid"] = "";
    by_hand["layers"] = "1";
    by_hand["depths"] = 5;
    study_.write(kPlanEval, by_hand, {kBranches}, kSamples,
                 {{0, sampleRow("5", 0.5)}, {0, sampleRow("5", 0.0)}});  // two answers of one sequence
    study_.write(kOtherProbe, probeSpec("none", 2), {kBranches}, kProbes, {{0, scores("LL", 3, "two")}});
    study_.write(kOldProbe, probeSpec("1", 1), {kBranches}, kOldProbes, {{0, {std::string("LF"), 9.0, 0.1}}});
    study_.write(kUnfinishedProbe, probeSpec("1", 1), {kBranches}, kProbes,
                 {{0, scores("LF", 8, "one", "measure", 99)}});
    by_hand["layers"] = "none";
    study_.write(kCutEval, by_hand, {kBranches}, kSamples, {{0, sampleRow("6", 1.0)}},
                 false);  // half a grid says nothing
}

void TestCliCompare::everyMeasurementOnce() {
    const Json json = compare();
    std::vector<std::string> seen;
    for (const Json& row : json["rows"]) {
        std::string line = row["name"].get<std::string>() + " | " + row["plan"].get<std::string>() + " | " +
                           row["probe"].get<std::string>() + " | " + row["answer_kl"].dump() + " | " +
                           row["recall"].dump() + " " + row["eval"].get<std::string>();
        seen.push_back(line);
    }
    // A: the probe "one", B: "two"; a: two depths, b: five. The probe by which a gate run chose measures nothing, nor
    // does a probe that stopped early or one without an identity.
    QCOMPARE(seen, (std::vector<std::string>{"teacher | FF | A | 0.0 | null ",     //
                                             "all-linear | LL | A | 2.0 | null ",  //
                                             "all-linear | LL | B | 3.0 | null ",  //
                                             "hybrid the good one | FL | A | 0.1 | 0.75 a",
                                             "gates (paper), uniform-a | FL | A | 0.5 | null ",
                                             "uniform-b | LF | A | 0.6 | 0.25 b"}));
    const Json& plan = json["rows"][4];
    QCOMPARE(text(plan["runs"]), text(Json{kPlanProbe, kSelect}));
    QCOMPARE(plan["answer_kl_low"].get<double>(), 0.45);
    QCOMPARE(plan["answer_kl_high"].get<double>(), 0.6);
    QCOMPARE(plan["answer_kl_sequences"].get<int>(), 8);
    QCOMPARE(plan["text_kl_high"].get<double>(), 0.5);
    QCOMPARE(plan["exact_match"].get<double>(), 0.5);
    QCOMPARE(plan["text_kl"].get<double>(), 0.25);
    QCOMPARE(text(plan["full_layers"]), std::string("[0]"));
    QCOMPARE(json["rows"][3]["recall_low"].get<double>(), 0.4);
    QCOMPARE(json["rows"][3]["recall_high"].get<double>(), 0.9);
    QCOMPARE(json["rows"][3]["recall_sequences"].get<int>(), 2);
    QCOMPARE(json["rows"][5]["recall_sequences"].get<int>(), 1);
    QVERIFY(json["rows"][5]["recall_low"].get<double>() < 0.25 && json["rows"][5]["recall_high"].get<double>() > 0.25);
    QVERIFY(!json["evals"]["a"].contains("answers"));
    QCOMPARE(json["evals"]["b"]["answers"].get<std::string>(), std::string("cut at the length of the expected ones"));
    QVERIFY(json["rows"][2]["text_kl"].is_null());  // that probe had no text
    QCOMPARE(text(json["probes"]["B"]["seed"]), std::string("2"));
    QCOMPARE(text(json["probes"]["B"]["identity"]), std::string("\"two\""));
    QCOMPARE(text(json["evals"]["b"]["depths"]), std::string("5"));
    QCOMPARE(text(json["problems"]), std::string("[]"));
}

void TestCliCompare::costsAreThePlansOwn() {
    const Json config = runFlashmorph({"inspect", fixture("model/qwen3"), "--json"}).json()["config"];
    const int bytes = 2 * 2 * config["num_kv_heads"].get<int>() * config["head_dim"].get<int>();  // K and V in bf16
    const Json json = compare();
    for (const Json& row : json["rows"]) {
        const int budget = row["budget"].get<int>();
        QCOMPARE(row["kv_bytes_per_token"].get<int>(), budget * bytes);
        QCOMPARE(row["kv_share"].get<double>(), budget / 2.0);
    }
    QCOMPARE(json["rows"][0]["predicted_decode_speedup"].get<double>(), 1.0);
    const Json longer = compare({"--context", "1048576"});
    QVERIFY(longer["rows"][1]["predicted_decode_speedup"].get<double>() >
            json["rows"][1]["predicted_decode_speedup"].get<double>());
}

void TestCliCompare::someRunsAndSomeHybrids() {
    const Json runs = compare({"--runs", QString("%1,%2").arg(kOtherProbe, kTeacherProbe)});
    QCOMPARE(runs["rows"].size(), std::size_t{2});
    QCOMPARE(runs["rows"][1]["answer_kl"].get<double>(), 3.0);
    for (const char* hybrid : {kHybrid, "the good one"}) {
        const Json some = compare({"--hybrids", hybrid});
        QCOMPARE(some["rows"].size(), std::size_t{4});  // teacher, all-linear on two probes, the hybrid
        QCOMPARE(some["rows"][3]["hybrid"].get<std::string>(), std::string(kHybrid));
    }
}

void TestCliCompare::wrongIdsAreListed() {
    const ProgramRun run = runFlashmorph(
        {"compare", study_.path(), "--json", "--runs", QString("x,%1,../../etc").arg(kGates), "--hybrids", "nobody"});
    QCOMPARE(run.exit_code, 2);
    QCOMPARE(problemFields(run), (QStringList{"hybrids", "runs", "runs"}));
    QCOMPARE(runFlashmorph({"compare", "/nonexistent"}).exit_code, 1);
    QCOMPARE(runFlashmorph({"compare"}).exit_code, 2);
    QCOMPARE(runFlashmorph({"compare", study_.path(), "--diff", kGates}).exit_code, 2);
    QCOMPARE(runFlashmorph({"compare", study_.path(), "--diff", kGates, "x"}).exit_code, 2);
}

void TestCliCompare::namesAreToldApart() {
    const StudyOnDisk twins;
    const std::string other = "cd34cd34cd34cd34cd34cd34cd34cd34";
    Study::open(twins.path().toStdString()).update([&](StudyInfo& info) {
        info.artifacts[other] = {ArtifactKind::Hybrid, "hybrids/" + other, "", {"plan-FL"}};
        info.labels[other].name = "the good one";
    });
    for (const auto& [run, hybrid] :
         {std::pair<const char*, std::string>{kHybridProbe, kHybrid}, {kOtherProbe, other}}) {
        Json spec = probeSpec("", 1);
        spec["hybrid"] = hybrid;
        twins.write(run, spec, {hybrid}, kProbes, {{0, scores("FL", hybrid == other ? 0.2 : 0.1)}});
    }
    const Json rows = runFlashmorph({"compare", twins.path(), "--json"}).json()["rows"];
    QCOMPARE(rows[0]["name"].get<std::string>(), std::string("hybrid the good one (ab12ab12)"));
    QCOMPARE(rows[1]["name"].get<std::string>(), std::string("hybrid the good one (cd34cd34)"));
}

void TestCliCompare::textIsATable() {
    const ProgramRun run = runFlashmorph({"compare", study_.path()});
    QCOMPARE(run.exit_code, 0);
    const QList<QByteArray> lines = run.out.split('\n');
    QVERIFY2(lines[0].startsWith("name") && lines[0].contains("answer KL"), lines[0].constData());
    QVERIFY2(lines[1].startsWith("teacher") && lines[1].contains("100 %"), lines[1].constData());
    QVERIFY2(lines[4].startsWith("hybrid the good one") && lines[4].contains("0.1000 (0.0900 to 0.1200)") &&
                 lines[4].contains("0.500 (0.450 to 0.600)") && lines[4].contains("0.750 (0.400 to 0.900) a"),
             lines[4].constData());
    QVERIFY2(run.out.contains("\nprobe A: identity ") && run.out.contains("\neval a: "), run.out.constData());
    const qsizetype column = lines[0].indexOf("full layers");
    for (qsizetype i = 1; i <= 6; ++i) QVERIFY2(lines[i].size() > column && lines[i][column - 1] == ' ', lines[i]);
}

void TestCliCompare::differencesOnly() {
    const ProgramRun run = runFlashmorph({"compare", study_.path(), "--json", "--diff", kTeacherProbe, kOtherProbe});
    QCOMPARE(run.exit_code, 0);
    QCOMPARE(text(run.json()["differences"]),
             std::string(R"([{"a":"all","b":"none","field":"layers"},{"a":1,"b":2,"field":"seed"}])"));
    const Json other = runFlashmorph({"compare", study_.path(), "--json", "--diff", kGates, kSelect}).json();
    std::vector<std::string> fields;
    for (const Json& entry : other["differences"]) fields.push_back(entry["field"].get<std::string>());
    QCOMPARE(fields, (std::vector<std::string>{"budget", "job", "layers", "lr", "mode", "probe_sequences", "seed",
                                               "sequences"}));
    QVERIFY(other["differences"][0]["b"].is_null());
    QVERIFY(runFlashmorph({"compare", study_.path(), "--diff", kGates, kGates}).out.contains("the same"));
    const ProgramRun lines = runFlashmorph({"compare", study_.path(), "--diff", kTeacherProbe, kOtherProbe});
    QCOMPARE(lines.out.count('\n'), 2);
}

void TestCliCompare::damagedFilesAreSaid() {
    const QString broken = study_.path() + "/runs/20260301T000020Z-probe-000020.h5";
    QFile file(broken);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("no run");
    file.close();
    const Json json = compare();
    QCOMPARE(json["rows"].size(), std::size_t{6});
    QCOMPARE(json["problems"].size(), std::size_t{1});
    QVERIFY(json["problems"][0].get<std::string>().find("000020") != std::string::npos);
    QVERIFY(QFile::remove(broken));
}

void TestCliCompare::emptyStudiesSaySo() {
    const StudyOnDisk empty;
    const ProgramRun run = runFlashmorph({"compare", empty.path()});
    QCOMPARE(run.exit_code, 0);
    QVERIFY2(run.out.contains("nothing has been measured"), run.out.constData());
    QCOMPARE(text(runFlashmorph({"compare", empty.path(), "--json"}).json()["rows"]), std::string("[]"));
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestCliCompare)
#include "test_cli_compare.moc"
