// resources/protocol/protocol.json against the code: the same methods, parameters, notifications, events and errors.
#include <QTest>

#include "core/rpc/methods.h"
#include "core/rpc/rpc_error.h"
#include "core/rpc/run_notice.h"
#include "tests/rpc/protocol_schema.h"

namespace fm::testing {

using Json = nlohmann::json;

namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += "\n  " + line;
    return text;
}

// Visits every field below `fields`.
void forEachField(const Json& fields, const std::string& path,
                  const std::function<void(const std::string& path, const Json& field)>& visit) {
    for (const auto& [name, field] : fields.items()) {
        visit(path + "/" + name, field);
        for (const char* key : {"fields", "items", "values"})
            if (field.contains(key)) forEachField(field[key], path + "/" + name, visit);
    }
}

// One event of each kind, with everything in it.
std::vector<rpc::RunNotice> oneOfEach() {
    const std::string run = "20260314T150926Z-gates-3fa9c1";
    RunOpened opened{run, "gates", "{}", "flashmorph", "cpu", "00", {"a"}, {}};
    opened.tables = {{"steps", {{"series/loss", CellType::Float64, 1, "nat", "a loss"}}}};
    opened.chat_family = "chatml";
    std::vector<rpc::RunNotice> notices;
    std::uint64_t seq = 0;
    for (const EventBody& body :
         {EventBody(opened), EventBody(RowAppended{0, {0.5}}), EventBody(Progressed{1, 2, "steps", 3, 4}),
          EventBody(Logged{Severity::Info, "[a] b"}), EventBody(StateChanged{RunState::Finished, "done"})})
        notices.push_back({run, {seq++, 1.5, body}, std::holds_alternative<RowAppended>(body) ? 0 : -1, {0}});
    return notices;
}

}  // namespace

class TestProtocolSchema : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { protocol_ = readProtocol(); }
    void methodsAreThoseOfTheCode();
    void errorsAreThoseOfTheCode();
    void notificationsAreThoseOfTheCode();
    void eventsAreThoseOfTheCode();
    void everyFieldIsExplained();
    void wrongParametersAreAllNamed();

private:
    Json protocol_;
};

void TestProtocolSchema::methodsAreThoseOfTheCode() {
    QCOMPARE(protocol_["protocol"].get<int>(), rpc::protocol_version);
    const Json& described = protocol_["methods"];
    QCOMPARE(described.size(), rpc::methods().size());
    for (const rpc::Method& method : rpc::methods()) {
        QVERIFY2(described.contains(method.name), method.name);
        const Json& params = described[method.name]["params"];
        QVERIFY2(params.size() == method.params.size(), method.name);
        for (const rpc::Param& param : method.params) {
            const std::string where = std::string(method.name) + " " + param.name;
            QVERIFY2(params.contains(param.name), where.c_str());
            const Json& field = params[param.name];
            QVERIFY2(field["type"].get<std::string>() == rpc::toString(param.type), where.c_str());
            QVERIFY2(field.value("optional", false) != param.required, where.c_str());
        }
        QVERIFY2(described[method.name]["result"].is_object(), method.name);
        QVERIFY2(described[method.name]["help"].get<std::string>().ends_with("."), method.name);
    }
}

void TestProtocolSchema::errorsAreThoseOfTheCode() {
    int known = 0;
    for (int code = -33000; code <= 0; ++code)
        if (std::string(rpc::toString(static_cast<rpc::ErrorCode>(code))) != "unknown") ++known;
    QCOMPARE(protocol_["errors"].size(), std::size_t(known));
    for (const Json& error : protocol_["errors"]) {
        const auto code = static_cast<rpc::ErrorCode>(error["code"].get<int>());
        QCOMPARE(error["name"].get<std::string>(), std::string(rpc::toString(code)));
        QVERIFY(!error["help"].get<std::string>().empty());
    }
}

void TestProtocolSchema::notificationsAreThoseOfTheCode() {
    QCOMPARE(protocol_["notifications"].size(), std::size_t(4));
    for (const char* name :
         {rpc::notification::event, rpc::notification::job, rpc::notification::measured, rpc::notification::problem})
        QVERIFY2(protocol_["notifications"].contains(name), name);
}

// What the code sends, field by field, in both directions.
void TestProtocolSchema::eventsAreThoseOfTheCode() {
    std::vector<Json> sent = {rpc::thinnedToJson("20260314T150926Z-gates-3fa9c1", 4, 2)};
    for (const rpc::RunNotice& notice : oneOfEach()) sent.push_back(rpc::noticeToJson(notice));
    std::set<std::string> seen, expected = schemaPaths(protocol_["notifications"]["event"]["params"], "event");
    for (const Json& params : sent) {
        std::vector<std::string> problems =
            schemaProblems(protocol_["notifications"]["event"]["params"], params, "event", &seen);
        const std::string type = params["type"].get<std::string>();
        QVERIFY2(protocol_["events"].contains(type), type.c_str());
        const Json& body = protocol_["events"][type]["body"];
        for (const std::string& problem : schemaProblems(body, params["body"], type, &seen))
            problems.push_back(problem);
        expected.merge(schemaPaths(body, type));
        QVERIFY2(problems.empty(), joined(problems).c_str());
    }
    QCOMPARE(protocol_["events"].size(), sent.size());
    std::vector<std::string> missing;
    for (const std::string& path : expected)
        if (!seen.contains(path)) missing.push_back(path + " is never sent");
    QVERIFY2(missing.empty(), joined(missing).c_str());
}

void TestProtocolSchema::everyFieldIsExplained() {
    const std::set<std::string> types = {"text",   "integer", "number", "boolean",  "any",
                                         "object", "list",    "texts",  "integers", "numbers"};
    int fields = 0;
    std::vector<std::string> problems;
    const auto check = [&](const std::string& path, const Json& field) {
        ++fields;
        if (!types.contains(field.value("type", ""))) problems.push_back(path + " has no known type");
        if (field.value("help", "").size() < 2) problems.push_back(path + " has no help");
        if (!field.contains("unit")) problems.push_back(path + " has no unit");
    };
    for (const auto& [name, method] : protocol_["methods"].items()) {
        forEachField(method["params"], name, check);
        forEachField(method["result"], name, check);
    }
    for (const auto& [name, sent] : protocol_["notifications"].items()) forEachField(sent["params"], name, check);
    for (const auto& [name, event] : protocol_["events"].items()) forEachField(event["body"], name, check);
    QVERIFY(fields > 150);
    QVERIFY2(problems.empty(), joined(problems).c_str());
}

void TestProtocolSchema::wrongParametersAreAllNamed() {
    const rpc::Method* fetch = rpc::findMethod("run/fetch");
    QVERIFY(fetch != nullptr && rpc::findMethod("run/fetsch") == nullptr);
    QVERIFY(rpc::paramProblems(*fetch, {{"run", "a"}, {"table", "b"}, {"first", 0}, {"count", 5}}).empty());
    std::set<std::string> fields;
    for (const Problem& problem : rpc::paramProblems(
             *fetch, {{"run", 7}, {"first", 0.5}, {"count", 18446744073709551615u}, {"extra", Json::array()}}))
        fields.insert(problem.field);
    QCOMPARE(fields, (std::set<std::string>{"run", "table", "first", "count", "extra"}));
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestProtocolSchema)
#include "test_protocol_schema.moc"
