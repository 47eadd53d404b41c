// Events as JSON lines: the written form is pinned by hand-written lines, and what is hostile is refused in a sentence.
#include "core/run/event_json.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace {

constexpr const char* opened_line =
    R"({"seq":0,"wall_ms":0.5,"type":"run_opened","body":{"run_id":"20260101T000000Z-gates-00ff00","job":"gates",)"
    R"("spec_json":"budget 4","software":"0.1.0","device":"cpu","teacher_hash":"ab","parents":["b1"],"tables":[)"
    R"({"name":"steps","columns":[{"path":"steps/index","type":"int64","width":1,"unit":"","help":"step"},)"
    R"({"path":"series/loss/align","type":"float64","width":1,"unit":"1","help":"loss"},)"
    R"({"path":"gates/alpha","type":"float32_vector","width":3,"unit":"1","help":"gates"},)"
    R"({"path":"steps/note","type":"text","width":5,"unit":"","help":"note"}]}]}})";

constexpr const char* row_line =
    R"({"seq":1,"wall_ms":2.0,"type":"row_appended","body":{"table":0,"row":[9007199254740993,"nan",["inf",0.1,"-inf"],"nan"]}})";

fm::RunEvent openedEvent() {
    using fm::CellType;
    return {0, 0.5,
            fm::RunOpened{"20260101T000000Z-gates-00ff00",
                          "gates",
                          "budget 4",
                          "0.1.0",
                          "cpu",
                          "ab",
                          {"b1"},
                          {{"steps",
                            {{"steps/index", CellType::Int64, 1, "", "step"},
                             {"series/loss/align", CellType::Float64, 1, "1", "loss"},
                             {"gates/alpha", CellType::Float32Vector, 3, "1", "gates"},
                             {"steps/note", CellType::Text, 5, "", "note"}}}}}};
}

nlohmann::json parsed(const std::string& line) { return nlohmann::json::parse(line); }

}  // namespace

class TestEventJson : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesThePinnedForm() {
        QCOMPARE(parsed(fm::eventToLine(openedEvent())).dump(), parsed(opened_line).dump());
        const double inf = std::numeric_limits<double>::infinity();
        const fm::RunEvent row{
            1, 2.0,
            fm::RowAppended{0,
                            {std::int64_t{9007199254740993}, std::nan(""),
                             std::vector<float>{float(inf), 0.1f, float(-inf)}, std::string("nan")}}};
        nlohmann::json expected = parsed(row_line);
        expected["body"]["row"][2][1] = 0.100000001490116119384765625;  // the float nearest to 0.1, exactly
        QCOMPARE(parsed(fm::eventToLine(row)).dump(), expected.dump());
        QCOMPARE(
            parsed(fm::eventToLine({7, 1, fm::StateChanged{fm::RunState::Failed, "disk full"}})).dump(),
            parsed(R"({"seq":7,"wall_ms":1.0,"type":"state_changed","body":{"state":"failed","text":"disk full"}})")
                .dump());
        QCOMPARE(parsed(fm::eventToLine({8, 1, fm::Progressed{3, 9, "steps", 0, -1, 1000, 2000}})).dump(),
                 parsed(R"({"seq":8,"wall_ms":1.0,"type":"progressed","body":{"done":3,"total":9,"unit":"steps",
                           "tokens_per_s":0.0,"eta_s":-1.0,"memory_bytes":1000,"memory_total_bytes":2000}})")
                     .dump());
        QCOMPARE(parsed(fm::eventToLine({9, 1, fm::Logged{fm::Severity::Warning, "[gates] x"}})).dump(),
                 parsed(R"({"seq":9,"wall_ms":1.0,"type":"logged","body":{"severity":"warning","text":"[gates] x"}})")
                     .dump());
    }

    // Absent for plain text, so that lines of earlier versions mean the same.
    void chatFormStandsInTheHeader() {
        QVERIFY(!parsed(opened_line)["body"].contains("chat_family"));
        fm::RunEvent opened = openedEvent();
        std::get<fm::RunOpened>(opened.body).chat_family = "smollm2";
        const std::string line = fm::eventToLine(opened);
        QCOMPARE(parsed(line)["body"]["chat_family"].get<std::string>(), std::string("smollm2"));
        fm::EventDecoder decoder, plain;
        QCOMPARE(std::get<fm::RunOpened>(decoder.decodeLine(line).body).chat_family, std::string("smollm2"));
        QCOMPARE(std::get<fm::RunOpened>(plain.decodeLine(opened_line).body).chat_family, std::string());
    }

    void aLineHasNoLineEnd() {
        const std::string line = fm::eventToLine({0, 0, fm::Logged{fm::Severity::Info, "two\nlines"}});
        QVERIFY(line.find('\n') == std::string::npos);
    }

    void readsTheHeader() {
        fm::EventDecoder decoder;
        const fm::RunEvent event = decoder.decodeLine(opened_line);
        const fm::RunOpened& opened = std::get<fm::RunOpened>(event.body);
        QCOMPARE(opened.run_id, std::string("20260101T000000Z-gates-00ff00"));
        QCOMPARE(opened.spec_json, std::string("budget 4"));
        QCOMPARE(opened.parents, std::vector<std::string>{"b1"});
        QCOMPARE(opened.tables.at(0).columns.at(2).width, 3);
        QVERIFY(opened.tables[0].columns[2].type == fm::CellType::Float32Vector);
        QCOMPARE(opened.tables[0].columns[1].unit, std::string("1"));
    }

    void readsCellsByTheirColumnAndKeepsNonFinite() {
        fm::EventDecoder decoder;
        decoder.decodeLine(opened_line);
        const fm::RunEvent event = decoder.decodeLine(row_line);
        const fm::Row& row = std::get<fm::RowAppended>(event.body).row;
        QCOMPARE(std::get<std::int64_t>(row[0]), std::int64_t{9007199254740993});
        QVERIFY(std::isnan(std::get<double>(row[1])));
        const std::vector<float>& values = std::get<std::vector<float>>(row[2]);
        QCOMPARE(values, (std::vector<float>{std::numeric_limits<float>::infinity(), 0.1f,
                                             -std::numeric_limits<float>::infinity()}));
        QCOMPARE(std::get<std::string>(row[3]), std::string("nan"));  // a text stays a text
    }

    void everyDoubleSurvives() {
        fm::EventDecoder decoder({{"t", {{"v", fm::CellType::Float64}}}});
        for (double value : {0.0, 1.0 / 3, 1e-308, 5e-324, 1.7976931348623157e308, -2.5, 20e6}) {
            const std::string line = fm::eventToLine({1, 0, fm::RowAppended{0, {value}}});
            const fm::RunEvent event = decoder.decodeLine(line);
            QCOMPARE(std::get<double>(std::get<fm::RowAppended>(event.body).row[0]), value);
        }
    }

    void refusesWhatDoesNotFit_data() {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* cells) {
            return QByteArray(R"({"seq":1,"wall_ms":2,"type":"row_appended","body":{"table":0,"row":)") + cells + "}}";
        };
        QTest::newRow("not json") << QByteArray("{\"seq\":") << "line";
        QTest::newRow("empty") << QByteArray("") << "line";
        QTest::newRow("a list") << QByteArray("[1]") << "seq";
        QTest::newRow("no type") << QByteArray(R"({"seq":1,"wall_ms":2,"body":{}})") << "type";
        QTest::newRow("odd type") << QByteArray(R"({"seq":1,"wall_ms":2,"type":"x","body":{}})") << "type";
        QTest::newRow("negative seq") << QByteArray(R"({"seq":-1,"wall_ms":2,"type":"x","body":{}})") << "seq";
        QTest::newRow("huge seq") << QByteArray(R"({"seq":18446744073709551615,"wall_ms":2,"type":"x","body":{}})")
                                  << "seq";
        QTest::newRow("body is a number")
            << QByteArray(R"({"seq":1,"wall_ms":2,"type":"logged","body":3})") << "severity";
        QTest::newRow("odd state")
            << QByteArray(R"({"seq":1,"wall_ms":2,"type":"state_changed","body":{"state":"happy","text":""}})")
            << "state";
        QTest::newRow("table 1") << QByteArray(
                                        R"({"seq":1,"wall_ms":2,"type":"row_appended","body":{"table":1,"row":[]}})")
                                 << "table";
        QTest::newRow("short row") << row("[1,2.0]") << "row";
        QTest::newRow("fraction as int") << row(R"([1.5,2.0,[1,2,3],"a"])") << "steps/index";
        QTest::newRow("int beyond 64 bit") << row(R"([18446744073709551615,2.0,[1,2,3],"a"])") << "steps/index";
        QTest::newRow("text as number") << row(R"([1,"two",[1,2,3],"a"])") << "series/loss/align";
        QTest::newRow("short vector") << row(R"([1,2,[1,2],"a"])") << "gates/alpha";
        QTest::newRow("number as vector") << row(R"([1,2,3,"a"])") << "vector";
        QTest::newRow("long text") << row(R"([1,2,[1,2,3],"abcdef"])") << "steps/note";
        QTest::newRow("number as text") << row(R"([1,2,[1,2,3],7])") << "steps/note";
    }
    void refusesWhatDoesNotFit() {
        QFETCH(QByteArray, line);
        QFETCH(QString, says);
        fm::EventDecoder decoder;
        decoder.decodeLine(opened_line);
        try {
            decoder.decodeLine(line.toStdString());
            QFAIL("was accepted");
        } catch (const fm::FormatError& error) {
            QVERIFY2(QString(error.what()).contains(says), error.what());
        }
    }

    void refusesAHostileHeader() {
        for (const char* change : {R"([{"op":"remove","path":"/body/run_id"}])",
                                   R"([{"op":"replace","path":"/body/tables/0/columns/2/width","value":99999999999}])",
                                   R"([{"op":"replace","path":"/body/tables/0/columns/2/width","value":0}])",
                                   R"([{"op":"replace","path":"/body/tables/0/columns/2/type","value":"blob"}])",
                                   R"([{"op":"replace","path":"/body/tables","value":{}}])",
                                   R"([{"op":"replace","path":"/body/parents","value":[7]}])"}) {
            fm::EventDecoder decoder;
            QVERIFY_EXCEPTION_THROWN(decoder.decode(parsed(opened_line).patch(parsed(change))), fm::FormatError);
        }
        fm::EventDecoder fresh;
        QVERIFY_EXCEPTION_THROWN(fresh.decodeLine(row_line), fm::FormatError);  // a row before any table
    }
};

QTEST_GUILESS_MAIN(TestEventJson)
#include "test_event_json.moc"
