// Every method of flashmorph serve, its answer held against resources/protocol/protocol.json: no field that is not
// there, none missing, and every field of the file is seen.
#include <QTemporaryDir>
#include <QTest>

#include "tests/app/serve_driver.h"
#include "tests/rpc/protocol_schema.h"

namespace fm::testing {

class TestServeSchema : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void answersFollowTheSchema();

private:
    Json ask(ServeDriver& engine, const std::string& method, const Json& params = Json::object()) {
        const Json result = engine.ask(method, params);
        const Json& fields = protocol_["methods"][method]["result"];
        for (std::string& problem : schemaProblems(fields, result, method, &seen_)) problems_.push_back(problem);
        for (const std::string& path : schemaPaths(fields, method)) expected_.insert(path);
        asked_.insert(method);
        return result;
    }
    void checkNotes(const ServeDriver& engine);
    std::string runToItsEnd(ServeDriver& engine, const std::string& job, const Json& spec) {
        const std::string run = ask(engine, "job/start", {{"job", job}, {"spec", spec}})["run"];
        const Json end = engine.untilEnd(run);
        if (end["state"] != "finished") throw std::runtime_error(end.dump());
        return run;
    }
    void askAboutPlans(ServeDriver& engine);
    void askAboutJobs(ServeDriver& engine);

    const Json protocol_ = readProtocol();
    std::set<std::string> seen_, expected_, asked_;
    std::vector<std::string> problems_;
};

void TestServeSchema::checkNotes(const ServeDriver& engine) {
    for (const Json& note : engine.notes) {
        const std::string method = note["method"].get<std::string>();
        const Json& fields = protocol_["notifications"][method]["params"];
        for (std::string& problem : schemaProblems(fields, note["params"], method)) problems_.push_back(problem);
        if (method != "event") continue;
        const std::string type = note["params"]["type"].get<std::string>();
        for (std::string& problem : schemaProblems(protocol_["events"][type]["body"], note["params"]["body"], type))
            problems_.push_back(problem);
    }
}

void TestServeSchema::askAboutJobs(ServeDriver& engine) {
    ask(engine, "spec/defaults", {{"job", "gates"}});
    ask(engine, "spec/validate", {{"job", "gates"}, {"spec", {{"budget", -1}}}});
    const Json gates = {{"steps", 2}, {"tokens_per_step", 256}, {"probe_sequences", 0}, {"swap_refine", false}};
    runToItsEnd(engine, "gates", gates);
    const std::string run =
        ask(engine, "job/start",
            {{"job", "gates"},
             {"spec",
              {{"steps", 100000}, {"tokens_per_step", 256}, {"probe_sequences", 0}, {"swap_refine", false}}}})["run"];
    engine.until([&run](const Json& note) {
        return note["params"]["run"] == run && note["params"].value("type", "") == "row_appended";
    });
    for (const char* method : {"job/pause", "job/step", "job/resume"}) ask(engine, method, {{"run", run}});
    ask(engine, "job/set", {{"run", run}, {"field", "lr"}, {"value", 0.01}});
    ask(engine, "job/stop", {{"run", run}});
    engine.untilEnd(run);
    const std::string failed = engine.ask("job/start", {{"job", "gates"}, {"spec", {{"branches", "none"}}}})["run"];
    engine.untilEnd(failed);
    ask(engine, "job/list");
    ask(engine, "run/fetch", {{"run", run}, {"table", "steps"}, {"first", 0}, {"count", 5}});
}

void TestServeSchema::askAboutPlans(ServeDriver& engine) {
    const std::string plan = "FLLLLLLFLLLF";
    ask(engine, "plan/cost", {{"plan", plan}, {"query", {{"context_tokens", 512}}}});
    ask(engine, "plan/probe", {{"plan", plan}, {"sequences", 2}});
    ask(engine, "plan/measure", {{"plan", "FLLLLLLFLLLL"}, {"sequences", 2}});
    ask(engine, "plan/stop");
    const std::string hybrid = ask(engine, "plan/instantiate", {{"plan", plan}, {"name", "by hand"}})["hybrid"];
    const Json eval = {{"hybrid", hybrid}, {"tasks", {"mk8q4"}}, {"lengths", {192}}, {"depths", 1}, {"samples", 2}};
    const std::string run = runToItsEnd(engine, "eval", eval);
    const Json sample = ask(engine, "sample/get", {{"run", run}, {"index", 1}});
    const QString prompt = QString::fromStdString(sample["prompt"]);
    const QString expected = QString::fromStdString(sample["expected"]);
    QCOMPARE(sample["needle"].size(), std::size_t(1));
    const QString needle =
        prompt.mid(sample["needle"][0]["begin"].get<qsizetype>(),
                   sample["needle"][0]["end"].get<qsizetype>() - sample["needle"][0]["begin"].get<qsizetype>());
    static const QRegularExpression statement("^(\\w+) is (.+)\\.$");
    QCOMPARE(statement.match(needle).captured(2), expected);
    QVERIFY2(prompt.endsWith(statement.match(needle).captured(1) + "?"), qPrintable(needle));
    QCOMPARE(engine.codeOf("sample/get", {{"run", run}, {"index", 99}}), -32001);
    ask(engine, "export/targets", {{"plan", plan}});
    const std::string exported = ask(engine, "export/run", {{"hybrid", hybrid}, {"dtype", "f32"}})["run"];
    const Json end = engine.untilEnd(exported);
    QVERIFY2(end["state"] == "finished", end.dump().c_str());
    QVERIFY(ask(engine, "export/verify", {{"folder", end["result"]["folder"]}})["passed"].get<bool>());
}

void TestServeSchema::answersFollowTheSchema() {
    const QTemporaryDir folder;
    const std::string study = folder.filePath("a/study").toStdString();
    const std::string resources = std::string(FM_SOURCE_DIR) + "/resources";
    ServeDriver engine({FM_PROGRAM, "serve"});
    ask(engine, "initialize", {{"protocol", 3}, {"client", "test"}});
    ask(engine, "model/inspect", {{"path", resources + "/models/fm-tiny"}});
    ask(engine, "study/create",
        {{"path", study},
         {"teacher", resources + "/models/fm-tiny"},
         {"branches", resources + "/models/fm-tiny/branches.safetensors"},
         {"name", "schema"}});
    askAboutJobs(engine);
    askAboutPlans(engine);
    ask(engine, "study/open", {{"path", study}});
    ask(engine, "study/label", {{"id", "h"}, {"name", "n"}, {"notes", ""}, {"tags", {"a"}}});
    ask(engine, "study/list", {{"folder", folder.path().toStdString()}});
    ask(engine, "run/list");
    ask(engine, "shutdown");
    checkNotes(engine);
    for (const auto& [method, unused] : protocol_["methods"].items())
        if (!asked_.contains(method)) problems_.push_back(method + " was not asked");
    for (const std::string& path : expected_)
        if (!seen_.contains(path) && !path.starts_with("study/create/study/labels/"))
            problems_.push_back(path + " was never there");
    std::string text;
    for (const std::string& problem : problems_) text += "\n  " + problem;
    QVERIFY2(problems_.empty(), text.c_str());
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestServeSchema)
#include "test_serve_schema.moc"
