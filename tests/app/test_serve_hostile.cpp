// An engine under hostile messages: every request is answered exactly once, with a result or an error that is not the
// engine's own mistake, and the engine lives. FM_ATTACK_ROUNDS makes the random part so many times longer.
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

#include <map>

#include "core/rpc/methods.h"
#include "tests/app/serve_driver.h"
#include "tests/support/attack_rounds.h"

namespace fm::testing {

namespace {

constexpr quint32 kSeed = 20261130;
constexpr int kInternal = -32603;

std::string line(const Json& id, const std::string& method, const Json& params) {
    return Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump(
               -1, ' ', false, Json::error_handler_t::replace) +
           "\n";
}

// Wrong in type, in size or in meaning.
const std::vector<Json>& wrongValues() {
    static const std::vector<Json> values = {nullptr,
                                             true,
                                             -1,
                                             0,
                                             std::numeric_limits<std::int64_t>::max(),
                                             std::numeric_limits<std::uint64_t>::max(),
                                             1e308,
                                             "",
                                             "x",
                                             "../../..",
                                             "/dev/zero",
                                             "~",
                                             "/nonexistent/" + std::string(300, 'n'),
                                             std::string("a\0b", 3),
                                             std::string(1 << 16, 'y'),
                                             Json::array(),
                                             Json::object(),
                                             Json{{"x", {{"y", Json::array()}}}},
                                             Json::array({"", nullptr, 1}),
                                             Json::array({-5, 1 << 30}),
                                             Json{{"job", "gates"}, {"steps", -3}}};
    return values;
}

// Something of the right type that means nothing harmful.
Json plausible(rpc::ParamType type) {
    switch (type) {
        case rpc::ParamType::Text:
            return "FLLLLLLLLLLL";
        case rpc::ParamType::Integer:
            return 1;
        case rpc::ParamType::Number:
            return 0.5;
        case rpc::ParamType::Object:
            return Json::object();
        case rpc::ParamType::Texts:
        case rpc::ParamType::Integers:
            return Json::array();
    }
    return nullptr;
}

bool isQuick(const rpc::Method& method) {  // what would end the engine, or compute for long when its request is right
    const std::string name = method.name;
    return name != "initialize" && name != "shutdown" && name != "plan/probe" && name != "plan/measure";
}

const char* const kMalformed[] = {"",
                                  " ",
                                  "{",
                                  "}",
                                  "[",
                                  "]",
                                  "null",
                                  "true",
                                  "1",
                                  "\"x\"",
                                  "{}",
                                  "[]",
                                  "[{}]",
                                  "{\"jsonrpc\":\"2.0\"}",
                                  "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"job/list\"}",
                                  "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"job/list\"}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"job/list\"}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"job/list\"}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job/list\",\"params\":[]}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job/list\",\"params\":5}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job/list\",\"extra\":5}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{}}",
                                  "\xff\xfe",
                                  "{\"a\":\"\xc3\"}",
                                  "{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\",\"method\":\"job/list\"}",
                                  "{'a':1}",
                                  "{\"a\":01}",
                                  "{\"a\":1e999}",
                                  "{\"a\":NaN}",
                                  "{\"a\":1,}",
                                  "{\"a\":1}{\"a\":1}",
                                  "//",
                                  "{\"a\":\"\\u0000\"}",
                                  "\\",
                                  "\"",
                                  "{\"method\"",
                                  "{\"id\":1,\"id\":2}",
                                  "nul"};

}  // namespace

class TestServeHostile : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<ServeDriver> engine_;

    // Lines, then a request of ours: what was answered in between, by id. Throws when the engine is gone or silent.
    std::multimap<std::string, Json> answersTo(const std::string& lines, const std::string& last_id) {
        std::multimap<std::string, Json> answers;
        engine_->write(lines + line(last_id, "job/list", Json::object()));
        for (;;) {
            Json message = engine_->next();
            if (message.contains("method")) continue;
            if (message["id"] == last_id) return answers;
            answers.emplace(message["id"].dump(), std::move(message));
        }
    }

private Q_SLOTS:
    void init();
    void malformedLines();
    void everyWrongValueOfEveryParameter();
    void mutatedRequests();
    void tenThousandAtOnce();
    void manyValuesInOneLine();
};

void TestServeHostile::init() {
    engine_ = std::make_unique<ServeDriver>(QStringList{FM_PROGRAM, "serve", "--threads", "1"});
    engine_->initialize();
}

void TestServeHostile::malformedLines() {
    int sent = 0;
    for (const char* malformed : kMalformed) {
        const auto answers = answersTo(std::string(malformed) + "\n", "after-" + std::to_string(sent++));
        for (const auto& [id, answer] : answers)
            QVERIFY2(answer.contains("error") && answer["error"]["code"] != kInternal, malformed);
    }
    QCOMPARE(engine_->shutdown(), 0);
}

void TestServeHostile::everyWrongValueOfEveryParameter() {
    createTinyStudy(*engine_, folder_.filePath("typed").toStdString());
    int sent = 0;
    for (const rpc::Method& method : rpc::methods()) {
        if (!isQuick(method)) continue;
        for (const rpc::Param& wrong : method.params) {
            for (const Json& value : wrongValues()) {
                Json params = Json::object();
                for (const rpc::Param& param : method.params)
                    if (param.required) params[param.name] = plausible(param.type);
                params[wrong.name] = value;
                const std::string id = "typed-" + std::to_string(sent++);
                engine_->write(line(id, method.name, params));
                Json answer;
                do {
                    answer = engine_->next();
                } while (answer.contains("method") || answer["id"] != id);
                if (!answer.contains("error")) continue;
                const std::string text = answer["error"].dump();
                const std::string what = std::string(method.name) + " " + wrong.name + ": " + text;
                QVERIFY2(answer["error"]["code"] != kInternal, what.c_str());
                QVERIFY2(text.find("filesystem error") == std::string::npos, what.c_str());
                QVERIFY2(text.find("json.exception") == std::string::npos, what.c_str());
            }
        }
    }
    QVERIFY2(sent > 800, std::to_string(sent).c_str());
    QCOMPARE(engine_->shutdown(), 0);
}

void TestServeHostile::mutatedRequests() {
    QRandomGenerator random(kSeed);
    const int wanted = 1200 * attackRounds();
    for (int done = 0; done < wanted; done += 50) {
        std::string lines;
        for (int i = 0; i < 50; ++i) {
            const rpc::Method* method = nullptr;
            do {
                method = &rpc::methods()[random.bounded(static_cast<quint32>(rpc::methods().size()))];
            } while (!isQuick(*method));
            Json params = Json::object();
            for (const rpc::Param& param : method->params) params[param.name] = plausible(param.type);
            std::string request = line(done + i, method->name, params);
            for (int flips = random.bounded(1, 5); flips > 0; --flips) {
                char& byte = request[random.bounded(static_cast<quint32>(request.size() - 1))];
                byte = static_cast<char>(random.bounded(256));
                if (byte == '\n') byte = ' ';
            }
            lines += request;
        }
        for (const auto& [id, answer] : answersTo(lines, "batch-" + std::to_string(done)))
            if (answer.contains("error")) QVERIFY2(answer["error"]["code"] != kInternal, answer.dump().c_str());
    }
    QCOMPARE(engine_->shutdown(), 0);
}

void TestServeHostile::tenThousandAtOnce() {
    constexpr int sent = 10000;
    std::string lines;
    for (int id = 0; id < sent; ++id) lines += line(id, "job/list", Json::object());
    const auto answers = answersTo(lines, "last");
    QCOMPARE(answers.size(), std::size_t(sent));
    for (int id = 0; id < sent; ++id) QCOMPARE(answers.count(std::to_string(id)), std::size_t(1));
    QCOMPARE(engine_->shutdown(), 0);
}

void TestServeHostile::manyValuesInOneLine() {
    std::string many = R"({"jsonrpc":"2.0","id":1,"method":"plan/cost","params":{"plan":[)";
    while (many.size() < (15u << 20)) many += "\"x\",";
    many += "\"x\"]}}";
    const Json answer = answersTo(many + "\n", "last").begin()->second;
    QCOMPARE(answer["error"]["code"].get<int>(), -32700);
    QVERIFY(answer["error"]["message"].get<std::string>().find("100000 values") != std::string::npos);
    QCOMPARE(engine_->shutdown(), 0);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestServeHostile)
#include "test_serve_hostile.moc"
