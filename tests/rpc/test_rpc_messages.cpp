// Lines and messages: framing, limits, and what is refused with which code.
#include <QTest>

#include "core/base/error.h"
#include "core/rpc/line_cutter.h"
#include "core/rpc/message.h"
#include "core/rpc/run_notice.h"

namespace fm::rpc {

namespace {

struct Cut {
    std::vector<std::string> lines;
    int too_long = 0;
};

Cut cut(const std::vector<std::string>& chunks, std::size_t limit) {
    Cut result;
    LineCutter cutter(limit);
    for (const std::string& chunk : chunks)
        cutter.feed(chunk, [&result](std::string_view line, bool too_long) {
            if (too_long)
                ++result.too_long;
            else
                result.lines.emplace_back(line);
        });
    return result;
}

int codeOf(const std::string& line) {
    try {
        parseMessage(line);
    } catch (const MessageError& error) {
        return static_cast<int>(error.code());
    }
    return 0;
}

}  // namespace

class TestRpcMessages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void linesAreCutWhereverTheBytesBreak();
    void longLinesAreSkippedToTheirEnd();
    void refusals_data();
    void refusals();
    void refusalsKeepTheId();
    void manyValuesAreRefusedOnlyInRequests();
    void requestsAndAnswersComeBack();
    void brokenTextBecomesValid();
    void noticesComeBack();
    void hostileNoticesAreRefused();
};

void TestRpcMessages::linesAreCutWhereverTheBytesBreak() {
    const std::string bytes = "one\ntwo\r\n\nfour\nrest";
    const std::vector<std::string> expected = {"one", "two", "", "four"};
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        std::vector<std::string> chunks;
        for (std::size_t i = 0; i < bytes.size(); i += size) chunks.push_back(bytes.substr(i, size));
        QCOMPARE(cut(chunks, 100).lines, expected);
    }
}

void TestRpcMessages::longLinesAreSkippedToTheirEnd() {
    const std::string longer(11, 'x');
    const Cut whole = cut({"a\n" + longer + "\nb\n"}, 10);
    QCOMPARE(whole.lines, (std::vector<std::string>{"a", "b"}));
    QCOMPARE(whole.too_long, 1);
    const Cut pieces = cut({"xxxxxx", "xxxxxx", "xxxxxx", "\n", "0123456789\nc\n"}, 10);
    QCOMPARE(pieces.lines, (std::vector<std::string>{"0123456789", "c"}));  // exactly the limit passes
    QCOMPARE(pieces.too_long, 1);
}

void TestRpcMessages::refusals_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, const QString& line, int code) { QTest::newRow(name) << line << code; };
    row("no JSON", "hello", -32700);
    row("cut off", R"({"jsonrpc":"2.0","id":1,"method":"a")", -32700);
    row("too deep", QString("[").repeated(100000), -32700);
    row("deep in params",
        R"({"jsonrpc":"2.0","id":1,"method":"a","params":)" + QString("[").repeated(70) + QString("]").repeated(70) +
            "}",
        -32700);
    row("a number", "5", -32600);
    row("a batch", R"([{"jsonrpc":"2.0","id":1,"method":"a"}])", -32600);
    row("version 1", R"({"jsonrpc":"1.0","id":1,"method":"a"})", -32600);
    row("no version", R"({"id":1,"method":"a"})", -32600);
    row("method is a number", R"({"jsonrpc":"2.0","id":1,"method":5})", -32600);
    row("params are a list", R"({"jsonrpc":"2.0","id":1,"method":"a","params":[1]})", -32600);
    row("id is a list", R"({"jsonrpc":"2.0","id":[1],"method":"a"})", -32600);
    row("id is a fraction", R"({"jsonrpc":"2.0","id":1.5,"method":"a"})", -32600);
    row("another member", R"({"jsonrpc":"2.0","id":1,"method":"a","parms":{}})", -32600);
    row("nothing in it", R"({"jsonrpc":"2.0","id":1})", -32600);
    row("result and error", R"({"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"x"}})", -32600);
    row("error without code", R"({"jsonrpc":"2.0","id":1,"error":{"message":"x"}})", -32600);
    row("brackets in a text", R"({"jsonrpc":"2.0","id":1,"method":"[[[[\"{{{"})", 0);
    row("a notification", R"({"jsonrpc":"2.0","method":"a"})", 0);
    row("a text as id", R"({"jsonrpc":"2.0","id":"x","method":"a","params":{}})", 0);
}

void TestRpcMessages::refusals() {
    QFETCH(QString, line);
    QFETCH(int, code);
    QCOMPARE(codeOf(line.toStdString()), code);
}

void TestRpcMessages::refusalsKeepTheId() {
    try {
        parseMessage(R"({"jsonrpc":"2.0","id":"seven","method":5})");
        QFAIL("not refused");
    } catch (const MessageError& error) {
        QCOMPARE(error.id().dump(), std::string("\"seven\""));
    }
}

void TestRpcMessages::manyValuesAreRefusedOnlyInRequests() {
    const std::string many = requestLine(1, "plan/cost", {{"plan", std::vector<std::string>(max_request_values)}});
    QVERIFY(std::holds_alternative<Request>(parseMessage(many)));  // as a client reads, whose answers are long
    QVERIFY_EXCEPTION_THROWN(parseMessage(many, max_request_values), MessageError);
    const std::string fewer = requestLine(1, "plan/cost", {{"plan", std::vector<std::string>(max_request_values - 9)}});
    QVERIFY(std::holds_alternative<Request>(parseMessage(fewer, max_request_values)));
}

void TestRpcMessages::requestsAndAnswersComeBack() {
    const Message request = parseMessage(requestLine(7, "plan/cost", {{"plan", "FL"}}));
    QCOMPARE(std::get<Request>(request).id->get<int>(), 7);
    QCOMPARE(std::get<Request>(request).method, std::string("plan/cost"));
    QCOMPARE(std::get<Request>(request).params.dump(), std::string(R"({"plan":"FL"})"));
    QVERIFY(!std::get<Request>(parseMessage(notificationLine("event", Json::object()))).id);
    const Message result = parseMessage(resultLine("a", {1, 2}));
    QCOMPARE(std::get<Response>(result).result.dump(), std::string("[1,2]"));
    const RpcError error(ErrorCode::WrongState, "not now", {{"problems", Json::array()}});
    const Response failed = std::get<Response>(parseMessage(errorLine(nullptr, error)));
    QVERIFY(failed.id.is_null());
    QCOMPARE(static_cast<int>(failed.error->code()), -32005);
    QCOMPARE(failed.error->what(), "not now");
    QVERIFY(failed.error->data().contains("problems"));
}

void TestRpcMessages::brokenTextBecomesValid() {
    const std::string line = resultLine(1, {{"text", "a\xff\nb"}});
    QVERIFY(line.find('\n') == std::string::npos);
    QVERIFY(QString::fromStdString(line).contains(QChar(0xFFFD)));
    QCOMPARE(codeOf(line), 0);
}

void TestRpcMessages::noticesComeBack() {
    const std::string run = "20260314T150926Z-gates-3fa9c1";
    RunOpened opened{run, "gates", "{}", "s", "cpu", "00", {}, {}};
    opened.tables = {{"steps", {{"gates/alpha", CellType::Float32Vector, 2, "", "gates"}}}};
    NoticeDecoder decoder;
    const RunNotice first = decoder.decode(noticeToJson({run, {0, 0, opened}, -1, {5}}));
    QCOMPARE(first.rows, (std::vector<std::int64_t>{5}));
    const Row row = {std::vector<float>{0.1F, std::numeric_limits<float>::infinity()}};
    const RunNotice second = decoder.decode(noticeToJson({run, {3, 1.5, RowAppended{0, row}}, 5, {}}));
    QCOMPARE(second.row, std::int64_t(5));
    QCOMPARE(second.event.seq, std::uint64_t(3));
    QVERIFY(std::get<RowAppended>(second.event.body).row == row);
    QCOMPARE(decoder.decode(thinnedToJson(run, 2, 17)).thinned, std::int64_t(17));
}

void TestRpcMessages::hostileNoticesAreRefused() {
    NoticeDecoder decoder;
    const std::string run = "20260314T150926Z-gates-3fa9c1";
    const Json row = noticeToJson({run, {1, 0, RowAppended{0, {1.0}}}, 0, {}});
    QVERIFY_EXCEPTION_THROWN(decoder.decode(row), FormatError);  // before its run_opened
    QVERIFY_EXCEPTION_THROWN(decoder.decode(Json::array()), FormatError);
    QVERIFY_EXCEPTION_THROWN(decoder.decode({{"run", "../../x"}, {"type", "thinned"}}), FormatError);
    QVERIFY_EXCEPTION_THROWN(decoder.decode({{"run", run}, {"type", "thinned"}, {"body", {{"dropped", -1}}}}),
                             FormatError);
    QVERIFY_EXCEPTION_THROWN(decoder.decode({{"run", run}, {"type", "thinned"}, {"body", 5}}), FormatError);
    RunOpened opened{run, "gates", "{}", "s", "cpu", "00", {}, {}};
    opened.tables = {{"steps", {{"series/loss", CellType::Float64, 1, "", "loss"}}}};
    Json json = noticeToJson({run, {0, 0, opened}, -1, {0}});
    json["body"]["run_id"] = "20260314T150926Z-gates-000000";
    QVERIFY_EXCEPTION_THROWN(decoder.decode(json), FormatError);
    decoder.decode(noticeToJson({run, {0, 0, opened}, -1, {0}}));
    Json without_row = row;
    without_row.erase("row");
    QVERIFY_EXCEPTION_THROWN(decoder.decode(without_row), FormatError);
}

}  // namespace fm::rpc

QTEST_GUILESS_MAIN(fm::rpc::TestRpcMessages)
#include "test_rpc_messages.moc"
