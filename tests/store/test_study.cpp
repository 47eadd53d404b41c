// Study folders: what is written is what is read, what is hostile is refused, what was made from what is known.
#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/store/run_writer.h"
#include "core/store/study.h"
#include "tests/store/sample_run.h"

namespace {

fm::StudyInfo info() {
    fm::StudyInfo info;
    info.name = "SmolLM2 at 32K";
    info.notes = "first try";
    info.teacher_path = "../teacher";
    info.teacher_hash = "99aa06d3014798d86001c324468d497f";
    info.labels["b1"] = {"copied start", "", {"best", "gdn"}};
    info.artifacts["b1"] = {fm::ArtifactKind::BranchSet, "branches/b1.safetensors", "", {}};
    return info;
}

void writeRun(const fm::Study& study, const std::string& run_id, std::vector<std::string> parents) {
    fm::RunOpened header = sample::header();
    header.run_id = run_id;
    header.parents = std::move(parents);
    const auto writer = fm::RunWriter::inFolder(study.runsFolder());
    sample::Poster post(*writer);
    post(header);
    post(fm::RowAppended{0, sample::step(0)});
    post(fm::StateChanged{fm::RunState::Finished, ""});
    writer->close();
}

std::vector<std::string> idsOf(const std::vector<fm::LineageNode>& nodes) {
    std::vector<std::string> ids;
    for (const fm::LineageNode& node : nodes) ids.push_back(node.id);
    return ids;
}

const std::string good_json =
    R"({"schema_version":1,"name":"n","notes":"","teacher":{"path":"t","hash":"h"},"labels":{},"artifacts":{}})";

}  // namespace

class TestStudy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isWhatWasCreated() {
        QTemporaryDir parent;
        const std::string folder = parent.filePath("my-study").toStdString();
        const fm::Study made = fm::Study::create(folder, info());
        const fm::Study study = fm::Study::open(folder);
        QVERIFY(study.info() == info());
        for (const char* part : {"branches", "runs", "hybrids", "exports"})
            QVERIFY(QDir(parent.filePath("my-study")).exists(part));
        QCOMPARE(study.teacherPath(), folder + "/../teacher");
        QVERIFY_EXCEPTION_THROWN(fm::Study::create(folder, info()), fm::WorldError);
        QVERIFY_EXCEPTION_THROWN(fm::Study::open(folder + "/runs"), fm::WorldError);
    }

    void writesThePinnedForm() {
        QTemporaryDir folder;
        fm::Study::create(folder.path().toStdString(), info());
        QFile file(folder.filePath("study.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const nlohmann::json expected = nlohmann::json::parse(R"({"schema_version":1,"name":"SmolLM2 at 32K",
            "notes":"first try","teacher":{"path":"../teacher","hash":"99aa06d3014798d86001c324468d497f"},"text":"",
            "labels":{"b1":{"name":"copied start","notes":"","tags":["best","gdn"]}},
            "artifacts":{"b1":{"kind":"branch set","path":"branches/b1.safetensors","made_by":"","parents":[]}}})");
        QCOMPARE(nlohmann::json::parse(file.readAll().toStdString()).dump(), expected.dump());
    }

    void chatFormIsOneWordOrTheOther() {
        QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        fm::StudyInfo chat = info();
        chat.chat = true;
        fm::Study::create(path, chat);
        QVERIFY(fm::Study::open(path).info() == chat);
        QFile file(folder.filePath("study.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QByteArray json = file.readAll();
        QVERIFY2(json.contains(R"("chat": "chat")"), json.constData());
        fm::writeFileAtomically(path + "/study.json",
                                json.replace(R"("chat": "chat")", R"("chat": "base")").toStdString());
        QVERIFY(!fm::Study::open(path).info().chat);
        fm::writeFileAtomically(path + "/study.json",
                                json.replace(R"("chat": "base")", R"("chat": "loud")").toStdString());
        QVERIFY_EXCEPTION_THROWN(fm::Study::open(path), fm::FormatError);
    }

    void updatesOfTwoOpenersAddUp() {
        QTemporaryDir folder;
        fm::Study::create(folder.path().toStdString(), info());
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                fm::Study study = fm::Study::open(folder.path().toStdString());
                for (int i = 0; i < 10; ++i)
                    study.update([&](fm::StudyInfo& changed) {
                        changed.labels[std::to_string(t) + "." + std::to_string(i)].name = "x";
                    });
            });
        for (std::thread& thread : threads) thread.join();
        QCOMPARE(fm::Study::open(folder.path().toStdString()).info().labels.size(), std::size_t{41});
    }

    void anUpdateThatCouldNotBeReadBackChangesNothing() {
        QTemporaryDir folder;
        fm::Study study = fm::Study::create(folder.path().toStdString(), info());
        const auto lead_out = [](fm::StudyInfo& changed) { changed.artifacts["b1"].path = "../../home"; };
        QVERIFY_EXCEPTION_THROWN(study.update(lead_out), fm::FormatError);
        QVERIFY(fm::Study::open(folder.path().toStdString()).info() == info());
    }

    void listsRunsInOrderAndNamesTheBrokenOnes() {
        QTemporaryDir folder;
        const fm::Study study = fm::Study::create(folder.path().toStdString(), info());
        writeRun(study, "20260201T000000Z-gates-000002", {});
        writeRun(study, "20260101T000000Z-align-000001", {});
        fm::writeFileAtomically(study.runPath("20260301T000000Z-gates-000003"), "no run");
        fm::writeFileAtomically(study.runsFolder() + "/notes.txt", "");
        const std::vector<fm::RunSummary> runs = study.listRuns();
        QCOMPARE(runs.size(), std::size_t{3});
        QCOMPARE(runs[0].run_id, std::string("20260101T000000Z-align-000001"));
        QCOMPARE(runs[1].rows.at("steps"), 1);
        QVERIFY(runs[1].state == fm::RunState::Finished && !runs[1].interrupted && runs[1].problem.empty());
        QVERIFY(runs[2].problem.find(runs[2].path) == 0);
    }

    void lineageReachesFromTheTeacherToTheExport() {
        QTemporaryDir folder;
        fm::Study study = fm::Study::create(folder.path().toStdString(), info());
        const std::string align = "20260101T000000Z-align-000001";
        const std::string gates = "20260102T000000Z-gates-000002";
        const std::string distill = "20260103T000000Z-distill-000003";
        writeRun(study, align, {});
        writeRun(study, gates, {"b1"});
        writeRun(study, distill, {"p1", "b1"});
        study.update([&](fm::StudyInfo& changed) {
            using fm::ArtifactKind;
            changed.artifacts["b1"].made_by = align;
            changed.artifacts["p1"] = {ArtifactKind::Plan, "", gates, {gates}};
            changed.artifacts["h1"] = {ArtifactKind::Hybrid, "hybrids/h1", distill, {}};
            changed.artifacts["e1"] = {ArtifactKind::Export, "exports/e1", "", {"h1"}};
        });
        const std::string& teacher = study.info().teacher_hash;
        QCOMPARE(study.parents("e1"), std::vector<std::string>{"h1"});
        QCOMPARE(study.parents("h1"), std::vector<std::string>{distill});
        QCOMPARE(study.parents(gates), std::vector<std::string>{"b1"});
        QCOMPARE(study.parents(align), std::vector<std::string>{teacher});
        QVERIFY(study.parents(teacher).empty());
        const std::vector<fm::LineageNode> nodes = study.lineage("e1");
        QCOMPARE(idsOf(nodes), (std::vector<std::string>{teacher, align, "b1", gates, "p1", distill, "h1", "e1"}));
        QCOMPARE(nodes.front().kind, std::string("teacher"));
        QCOMPARE(nodes[2].kind, std::string("branch set"));
        QCOMPARE(nodes[3].kind, std::string("run"));
    }

    void lineageSurvivesCirclesAndGaps() {
        QTemporaryDir folder;
        fm::Study study = fm::Study::create(folder.path().toStdString(), info());
        study.update([&](fm::StudyInfo& changed) {
            changed.artifacts["x"] = {fm::ArtifactKind::Plan, "", "", {"y"}};
            changed.artifacts["y"] = {fm::ArtifactKind::Plan, "", "", {"x", "gone", "../../outside"}};
            const auto link = [](int i) {
                std::string id("c");
                id += std::to_string(i);
                return id;
            };
            for (int i = 0; i < 50'000; ++i)
                changed.artifacts[link(i)] = {fm::ArtifactKind::Plan, "", "", {link(i + 1)}};
        });
        QCOMPARE(idsOf(study.lineage("x")), (std::vector<std::string>{"gone", "../../outside", "y", "x"}));
        QCOMPARE(study.lineage("x")[0].kind, std::string("missing"));
        QCOMPARE(study.lineage("c0").size(), std::size_t{50'001});
    }

    void refusesHostileContent_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("says");
        const QString good = QString::fromStdString(good_json);
        const auto with = [&](const char* from, const char* to) { return QString(good).replace(from, to); };
        QTest::newRow("empty") << ""
                               << "JSON";
        QTest::newRow("half") << good.left(40) << "JSON";
        QTest::newRow("a list") << "[]"
                                << "study";
        QTest::newRow("a number") << "7"
                                  << "study";
        QTest::newRow("newer") << with("\"schema_version\":1", "\"schema_version\":2") << "schema_version";
        QTest::newRow("version as text") << with("\"schema_version\":1", "\"schema_version\":\"1\"")
                                         << "schema_version";
        QTest::newRow("no name") << with("\"name\":\"n\",", "") << "study.name";
        QTest::newRow("name is a list") << with("\"name\":\"n\"", "\"name\":[]") << "study.name";
        QTest::newRow("unknown key") << with("\"notes\"", "\"x\":1,\"notes\"") << "study.x";
        QTest::newRow("twice") << with("\"notes\"", "\"name\":\"m\",\"notes\"") << "twice";
        QTest::newRow("teacher is a text") << with("{\"path\":\"t\",\"hash\":\"h\"}", "\"t\"") << "study.teacher";
        QTest::newRow("no hash") << with(",\"hash\":\"h\"", "") << "study.teacher.hash";
        QTest::newRow("labels is a list") << with("\"labels\":{}", "\"labels\":[]") << "study.labels";
        QTest::newRow("label is a text") << with("\"labels\":{}", "\"labels\":{\"b\":\"x\"}") << "study.labels.b";
        QTest::newRow("tag is a number") << with("\"labels\":{}",
                                                 "\"labels\":{\"b\":{\"name\":\"\",\"notes\":\"\",\"tags\":[1]}}")
                                         << "study.labels.b.tags";
        const auto artifact = [&](const char* text) {
            return with("\"artifacts\":{}", (std::string("\"artifacts\":{\"a\":") + text + "}").c_str());
        };
        QTest::newRow("odd kind") << artifact(R"({"kind":"cake","path":"","made_by":"","parents":[]})")
                                  << "study.artifacts.a.kind";
        QTest::newRow("leads out") << artifact(R"({"kind":"plan","path":"a/../../b","made_by":"","parents":[]})")
                                   << "leads out";
        QTest::newRow("absolute") << artifact(R"({"kind":"plan","path":"/etc/passwd","made_by":"","parents":[]})")
                                  << "leads out";
        QTest::newRow("invalid utf-8") << with("\"n\"", "\"\\ud800\"") << "JSON";
        QTest::newRow("deep") << QString("[").repeated(100'000) << "nested";
    }
    void refusesHostileContent() {
        QFETCH(QString, json);
        QFETCH(QString, says);
        QTemporaryDir folder;
        const std::string path = folder.filePath("study.json").toStdString();
        fm::writeFileAtomically(path, good_json);
        QCOMPARE(fm::Study::open(folder.path().toStdString()).info().name, std::string("n"));
        fm::writeFileAtomically(path, json.toStdString());
        try {
            fm::Study::open(folder.path().toStdString());
            QFAIL("was accepted");
        } catch (const fm::FormatError& error) {
            QVERIFY2(QString(error.what()).startsWith(QString::fromStdString(path)), error.what());
            QVERIFY2(QString(error.what()).contains(says), error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestStudy)
#include "test_study.moc"
