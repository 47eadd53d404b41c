// The engine's end without an engine: turns, codes, late answers, and 20,000 damaged lines.
#include <QElapsedTimer>
#include <QTest>
#include <random>
#include <thread>

#include "core/base/error.h"
#include "core/rpc/pipe_io.h"
#include "core/rpc/server.h"

namespace fm::rpc {

namespace {

const char* const kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocol":3,"client":"t"}})";

// A server whose handlers do what their names say.
struct Fixture {
    Outbox outbox{100000};
    Server server{outbox};
    int calls = 0;

    Fixture() {
        server.answer("initialize", [](const Json&) { return Json{{"protocol", 3}}; });
        server.answer("job/list", [this](const Json&) { return Json{{"calls", ++calls}}; });
        server.answer("study/open", [](const Json& params) -> Json {
            const std::string path = params["path"].get<std::string>();
            if (path == "input") throw InputError({{"a", "1", "2"}, {"b", "3", "4"}});
            if (path == "world") throw WorldError("disk: is full; make room");
            if (path == "cancelled") throw Cancelled();
            if (path == "memory") throw std::bad_alloc();
            throw std::logic_error("not thought of");
        });
        server.on("model/inspect", [](const Json&, const Responder&) {});  // never answers
    }
    // The answer to one line.
    Json ask(const std::string& line) {
        server.handleLine(line, false);
        return Json::parse(*outbox.take());
    }
    int codeOf(const std::string& line) { return ask(line)["error"]["code"].get<int>(); }
};

std::string request(const std::string& method, const Json& params = Json::object()) {
    return requestLine(1, method, params);
}

}  // namespace

class TestRpcServer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initializeComesFirstAndOnce();
    void otherVersionsAreRefusedWithASentence();
    void errorsHaveTheirCodes();
    void problemsComeWithTheError();
    void everyRequestIsAnsweredOnce();
    void notificationsAreNotAnswered();
    void longLinesAreReported();
    void pipesCarryLines();
    void damagedLinesNeverEndTheServer();
};

void TestRpcServer::initializeComesFirstAndOnce() {
    Fixture f;
    QCOMPARE(f.codeOf(request("job/list")), -32003);
    QCOMPARE(f.codeOf(request("no/such")), -32003);
    QCOMPARE(f.calls, 0);
    QCOMPARE(f.ask(kInitialize)["result"]["protocol"].get<int>(), 3);
    QCOMPARE(f.codeOf(kInitialize), -32005);
    QCOMPARE(f.ask(request("job/list"))["result"]["calls"].get<int>(), 1);
}

void TestRpcServer::otherVersionsAreRefusedWithASentence() {
    Fixture f;
    const Json answer = f.ask(request("initialize", {{"protocol", 99}, {"client", "t"}}));
    QCOMPARE(answer["error"]["code"].get<int>(), -32007);
    QVERIFY(QString::fromStdString(answer["error"]["message"].get<std::string>()).contains("99"));
    QCOMPARE(f.codeOf(request("job/list")), -32003);  // that was no initialize
    QVERIFY(f.ask(kInitialize).contains("result"));
}

void TestRpcServer::errorsHaveTheirCodes() {
    Fixture f;
    f.ask(kInitialize);
    QCOMPARE(f.codeOf("}{"), -32700);
    QCOMPARE(f.codeOf("[]"), -32600);
    QCOMPARE(f.codeOf(request("no/such")), -32601);
    QCOMPARE(f.codeOf(request("plan/cost", {{"plan", "FL"}})), -32601);  // known, but nobody serves it here
    QCOMPARE(f.codeOf(request("study/open")), -32602);
    QCOMPARE(f.codeOf(request("study/open", {{"path", "input"}})), -32001);
    QCOMPARE(f.codeOf(request("study/open", {{"path", "world"}})), -32002);
    QCOMPARE(f.codeOf(request("study/open", {{"path", "memory"}})), -32002);
    QCOMPARE(f.codeOf(request("study/open", {{"path", "cancelled"}})), -32006);
    QCOMPARE(f.codeOf(request("study/open", {{"path", "else"}})), -32603);
    QCOMPARE(f.codeOf(resultLine(5, "unasked")), -32600);
}

void TestRpcServer::problemsComeWithTheError() {
    Fixture f;
    f.ask(kInitialize);
    const Json input = f.ask(request("study/open", {{"path", "input"}}))["error"]["data"]["problems"];
    QCOMPARE(input.dump(),
             std::string(R"([{"allowed":"2","field":"a","value":"1"},{"allowed":"4","field":"b","value":"3"}])"));
    const Json params = f.ask(request("study/open", {{"path", 5}, {"pth", "x"}}))["error"]["data"]["problems"];
    QCOMPARE(params.size(), std::size_t(2));
}

void TestRpcServer::everyRequestIsAnsweredOnce() {
    Fixture f;
    f.ask(kInitialize);
    QCOMPARE(f.codeOf(request("model/inspect", {{"path", "x"}})), -32603);  // dropped by its handler
    Responder kept(f.outbox, Json(9), translateError);
    std::thread first([kept] { kept.result("a"); });
    std::thread second([kept] { kept.result("b"); });
    first.join();
    second.join();
    kept.fail(std::make_exception_ptr(Cancelled()));
    QCOMPARE(Json::parse(*f.outbox.take())["id"].get<int>(), 9);
    f.outbox.push("end");
    QCOMPARE(*f.outbox.take(), std::string("end"));
}

void TestRpcServer::notificationsAreNotAnswered() {
    Fixture f;
    f.ask(kInitialize);
    f.server.handleLine(notificationLine("job/list", Json::object()), false);
    f.server.handleLine(notificationLine("no/such", Json::object()), false);
    f.server.handleLine("   ", false);
    f.outbox.push("end");
    QCOMPARE(*f.outbox.take(), std::string("end"));
    QCOMPARE(f.calls, 1);
}

void TestRpcServer::longLinesAreReported() {
    Fixture f;
    f.server.handleLine({}, true);
    const Json answer = Json::parse(*f.outbox.take());
    QCOMPARE(answer["error"]["code"].get<int>(), -32004);
    QVERIFY(answer["id"].is_null());
}

void TestRpcServer::pipesCarryLines() {
    int to[2], from[2];
    QCOMPARE(pipe(to), 0);
    QCOMPARE(pipe(from), 0);
    Fixture f;
    LineReader input(to[0]);
    std::thread reader([&] {
        input.read([&f](std::string_view line, bool too_long) { f.server.handleLine(line, too_long); });
        f.outbox.close();
    });
    std::thread writer([&] {
        if (!writeLines(from[1], f.outbox)) qFatal("nobody has closed the pipe");
        close(from[1]);
    });
    // More than the limit in one line, then a request: the first is skipped, the second answered.
    const std::string blob(1 << 20, 'x');
    for (int i = 0; i < 17; ++i) QCOMPARE(write(to[1], blob.data(), blob.size()), ssize_t(blob.size()));
    const std::string rest = std::string("\n") + kInitialize + "\n";
    QCOMPARE(write(to[1], rest.data(), rest.size()), ssize_t(rest.size()));
    close(to[1]);
    reader.join();
    writer.join();
    std::string out(4096, '\0');
    out.resize(static_cast<std::size_t>(read(from[0], out.data(), out.size())));
    QCOMPARE(std::count(out.begin(), out.end(), '\n'), 2);
    QVERIFY(out.find("-32004") < out.find("\"result\""));
    close(to[0]);
    close(from[0]);
}

// Valid messages with bytes changed, cut, doubled and moved: each line gets at most one answer with a known shape, and
// the server still works afterwards.
void TestRpcServer::damagedLinesNeverEndTheServer() {
    constexpr int lines = 20000;
    const std::vector<std::string> seeds = {
        kInitialize,
        request("study/open", {{"path", "world"}}),
        request("job/list"),
        request("plan/probe", {{"plan", "FLFL"}, {"tasks", {"a", "b"}}, {"lengths", {1, 2}}, {"sequences", 3}}),
        request("job/set", {{"run", "r"}, {"field", "lambda"}, {"value", -1e308}}),
        resultLine(1, {{"a", {1, 2}}})};
    Fixture f;
    f.ask(kInitialize);
    std::mt19937 random(7);
    const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < lines; ++i) {
        std::string line = seeds[below(seeds.size())];
        for (std::size_t change = 0; change <= below(4); ++change) {
            const std::size_t at = below(line.size()), length = below(12);
            switch (below(5)) {
                case 0:
                    if (!line.empty()) line[at] = static_cast<char>(random());
                    break;
                case 1:
                    line.erase(at, length);
                    break;
                case 2:
                    line.insert(at, line.substr(below(line.size()), length));
                    break;
                case 3:
                    line.insert(at, below(2) ? "[{\"" : "1e999");
                    break;
                default:
                    line.resize(at);
            }
        }
        f.server.handleLine(line, false);
    }
    QVERIFY2(timer.elapsed() < 10000, std::to_string(timer.elapsed()).c_str());
    f.outbox.close();
    int answers = 0;
    while (const std::optional<std::string> line = f.outbox.take()) {
        const Json answer = Json::parse(*line);
        QVERIFY(answer.contains("result") != answer.contains("error"));
        ++answers;
    }
    QVERIFY(answers <= lines && answers > lines / 2);
}

}  // namespace fm::rpc

QTEST_GUILESS_MAIN(fm::rpc::TestRpcServer)
#include "test_rpc_server.moc"
