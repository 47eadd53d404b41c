// plan/measure: answers part by part, stops for the next, keeps what was measured; and one number from engine, command
// line, run file and the run file's single sequences.
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include "core/plan/probe_scores.h"
#include "core/store/run_reader.h"
#include "tests/app/program_runner.h"
#include "tests/app/serve_driver.h"

using namespace fm;
using namespace fm::testing;

namespace {

const QStringList kServe = {FM_PROGRAM, "--threads", "1", "serve"};
const Json kPlan = {{"plan", "FLLLLFLLLLLF"}, {"sequences", 9}};

std::vector<Json> partsIn(const ServeDriver& engine) {
    std::vector<Json> parts;
    for (const Json& note : engine.notes)
        if (note["method"] == "measured") parts.push_back(note["params"]);
    return parts;
}

std::vector<SequenceScore> sequencesIn(const RunReader& run) {
    const auto number = [&](const char* column) { return run.readNumbers(std::string("sequences/") + column); };
    const std::vector<std::string> task = run.readTexts("sequences/task"), seed = run.readTexts("sequences/seed");
    const std::vector<std::int64_t> tokens = run.readIntegers("sequences/tokens"),
                                    rows = run.readIntegers("sequences/rows"),
                                    answers = run.readIntegers("sequences/answers");
    const std::vector<double> kl = number("kl"), exact = number("exact");
    std::vector<SequenceScore> scores;
    for (std::size_t i = 0; i < task.size(); ++i) {
        SequenceScore s{task[i], static_cast<std::int32_t>(tokens[i]), std::stoull(seed[i])};
        s.rows = rows[i], s.answers = answers[i], s.kl = kl[i], s.exact = exact[i];
        scores.push_back(s);
    }
    return scores;
}

}  // namespace

class TestServeMeasure : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void partsRefineToTheWholeProbe();
    void stoppingKeepsWhatWasMeasured();
    void theNextOneEndsTheOneBefore();
    void aJobGoesOnBetweenTheParts();

private:
    std::string study(const char* name) const { return folder_.filePath(name).toStdString(); }
    QTemporaryDir folder_;
};

void TestServeMeasure::partsRefineToTheWholeProbe() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("parts"));
    engine.ask("plan/measure", {{"plan", "FLLLLFLLLLLL"}, {"sequences", 1}});  // loads teacher and branches
    engine.notes.clear();
    QElapsedTimer timer;
    timer.start();
    const Json whole = engine.ask("plan/measure", kPlan);
    const std::vector<Json> parts = partsIn(engine);
    qInfo("%zu parts in %lld ms", parts.size(), static_cast<long long>(timer.elapsed()));
    QVERIFY2(parts.size() >= 2, "a probe of nine rounds must be told in several parts");
    std::int64_t before = 0;
    for (const Json& part : parts) {
        QVERIFY(part["sequences"].get<std::int64_t>() > before && !part["complete"].get<bool>());
        before = part["sequences"].get<std::int64_t>();
        QVERIFY(part["exact_match_low"].get<double>() < part["exact_match_high"].get<double>());
        QCOMPARE(part["measured"].get<bool>(), part["tasks"]["copy"]["sequences"].get<int>() >= 8);
        QCOMPARE(part["plan"]["plan"].get<std::string>(), std::string("FLLLLFLLLLLF"));
        QCOMPARE(part["identity"].get<std::string>(), whole["identity"].get<std::string>());
    }
    QVERIFY(whole["complete"].get<bool>() && whole["measured"].get<bool>());
    QCOMPARE(whole["sequences"].get<int>(), 45);

    // The run file holds the same number, and its single sequences give it once more.
    const RunReader run(study("parts") + "/runs/" + whole["run"].get<std::string>() + ".h5");
    const double kl = whole["answer_kl"].get<double>();
    QCOMPARE(run.readNumbers("probes/answer_kl")[0], kl);
    QCOMPARE(run.readNumbers("probes/exact_match_low")[0], whole["exact_match_low"].get<double>());
    const ProbeScores again =
        summarise(sequencesIn(run), run.readNumbers("probes/answer_kl_scale")[0], 0, whole["identity"]);
    QVERIFY(std::abs(again.answer_kl.value - kl) < 1e-12);
    QVERIFY(std::abs(again.exact_match.low - whole["exact_match_low"].get<double>()) < 1e-12);
    QVERIFY(whole["text_kl"].is_null() && !again.hasText());  // this study has no text: absent, not zero

    // And so does the command line.
    const Json printed = runFlashmorph({"--study", QString::fromStdString(study("parts")), "--threads", "1", "--json",
                                        "probe", "--layers", "0,5,11", "--sequences", "9"})
                             .json();
    QCOMPARE(printed["answer_kl"].get<double>(), kl);
    QCOMPARE(printed["exact_match_high"].get<double>(), whole["exact_match_high"].get<double>());
    QCOMPARE(printed["identity"].get<std::string>(), whole["identity"].get<std::string>());
}

void TestServeMeasure::stoppingKeepsWhatWasMeasured() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("stop"));
    engine.write(R"({"jsonrpc":"2.0","id":900,"method":"plan/measure","params":)" + kPlan.dump() + "}\n");
    engine.until([](const Json& note) { return note["method"] == "measured"; });
    engine.write(R"({"jsonrpc":"2.0","id":901,"method":"plan/stop","params":{}})"
                 "\n");
    Json stopped;
    while (stopped.is_null()) {
        const Json message = engine.next();
        if (message.value("id", 0) == 900) stopped = message["result"];
    }
    QVERIFY2(!stopped["complete"].get<bool>() && stopped["run"].get<std::string>().empty(), stopped.dump().c_str());
    const int kept = stopped["sequences"].get<int>();
    QVERIFY(kept > 0 && kept < 45);
    engine.notes.clear();
    const Json whole = engine.ask("plan/measure", kPlan);
    QVERIFY(whole["complete"].get<bool>());
    const std::vector<Json> parts = partsIn(engine);
    QVERIFY(parts.empty() || parts.front()["sequences"].get<int>() > kept);  // it went on where it stopped
}

void TestServeMeasure::theNextOneEndsTheOneBefore() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("next"));
    engine.write(R"({"jsonrpc":"2.0","id":900,"method":"plan/measure","params":)" + kPlan.dump() + "}\n");
    engine.until([](const Json& note) { return note["method"] == "measured"; });
    engine.write(R"({"jsonrpc":"2.0","id":901,"method":"plan/measure","params":{"plan":"FLLLLLLLLLLF","sequences":1}})"
                 "\n");
    Json first, second;
    while (first.is_null() || second.is_null()) {
        const Json message = engine.next();
        if (message.value("id", 0) == 900) first = message["result"];
        if (message.value("id", 0) == 901) second = message["result"];
    }
    QVERIFY(!first["complete"].get<bool>());
    QVERIFY(second["complete"].get<bool>() && !second["run"].get<std::string>().empty());
    QCOMPARE(engine.codeOf("plan/measure", {{"plan", "FL"}}), -32001);
}

void TestServeMeasure::aJobGoesOnBetweenTheParts() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("job"));
    const Json spec = {{"steps", 100000}, {"tokens_per_step", 256}, {"swap_refine", false}};
    const std::string run = engine.ask("job/start", {{"job", "gates"}, {"spec", spec}})["run"];
    engine.until([&](const Json& note) { return note["params"].value("type", "") == "row_appended"; });
    engine.notes.clear();
    const Json whole = engine.ask("plan/measure", kPlan);
    QVERIFY(whole["complete"].get<bool>());
    std::size_t rows = 0, parts = 0, rows_after_a_part = 0;
    for (const Json& note : engine.notes) {
        if (note["method"] == "measured") ++parts;
        if (note["params"].value("type", "") == "row_appended") ++rows, rows_after_a_part += parts > 0 ? 1 : 0;
    }
    QVERIFY2(rows_after_a_part >= 1, qPrintable(QString("%1 rows, %2 parts").arg(rows).arg(parts)));
}

QTEST_GUILESS_MAIN(TestServeMeasure)
#include "test_serve_measure.moc"
