// Plans, run ids, rows against tables, UTF-8 repair.
#include <QStringDecoder>
#include <QTest>

#include <set>

#include "core/base/assert.h"
#include "core/base/byte_text.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/plan/plan.h"
#include "core/plan/plan_spelling.h"
#include "core/run/event.h"
#include "core/run/run_id.h"

class TestRunValues : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aPlanKnowsItsLayers() {
        const fm::Plan plan = fm::Plan::fromFullLayers(6, {4, 0, 4});
        QCOMPARE(plan.key(), std::string("FLLLFL"));
        QCOMPARE(plan.fullLayers(), (std::vector<int>{0, 4}));
        QCOMPARE(plan.budget(), 2);
        fm::Plan pinned = plan;
        pinned.pins = {{3, fm::LayerKind::Linear}};
        QCOMPARE(pinned.key(), plan.key());
        QCOMPARE(fm::Plan::fromFullLayers(0, {}).key(), std::string());
    }

    // Every spelling of a plan leads back to it.
    void aPlanIsSpelledInOnePlace() {
        for (const std::string key : {"FLLFLF", "LLLLLL", "FFFFFF", "F"}) {
            const int num_layers = static_cast<int>(key.size());
            QCOMPARE(fm::planFromKey(key).key(), key);
            QCOMPARE(fm::parsePlanKey(key, num_layers).key(), key);
            QCOMPARE(fm::planFromLayers(fm::layersOption(fm::planFromKey(key)), num_layers).key(), key);
            QCOMPARE(fm::budgetOfKey(key), fm::planFromKey(key).budget());
        }
        QCOMPARE(fm::layersOption(fm::planFromKey("FLLFLF")), std::string("0,3,5"));
        QCOMPARE(fm::layersText(fm::planFromKey("FLLFLF")), std::string("0 3 5"));
        QCOMPARE(fm::layersText(fm::planFromKey("FFF")), std::string("all"));
        QVERIFY(fm::isTeacherKey("FFF") && !fm::isTeacherKey("FLF") && !fm::isTeacherKey(""));
        for (const char* wrong : {"FLX", "FL", "FLLL", "fll"})
            QVERIFY_EXCEPTION_THROWN(fm::parsePlanKey(wrong, 3), fm::InputError);
        for (const char* wrong : {"0,0", "3", "-1", "0,,1", "", "0 1"})
            QVERIFY_EXCEPTION_THROWN(fm::planFromLayers(wrong, 3), fm::InputError);
    }

    void ourOwnMistakesAreThrown() {
        QVERIFY_EXCEPTION_THROWN(fm::Plan::fromFullLayers(3, {3}), fm::LogicFault);
        try {
            fm::Plan::fromFullLayers(-1, {});
            QFAIL("a negative number of layers was taken");
        } catch (const fm::LogicFault& fault) {
            const QString text = QString::fromUtf8(fault.what());
            QVERIFY2(text.contains("num_layers >= 0") && text.contains("(") && text.contains("core/plan/plan.cpp:"),
                     fault.what());
        }
    }

    void runIdsAreUniqueAndRecognised() {
        std::set<std::string> ids;
        for (int i = 0; i < 100; ++i) {
            const std::string id = fm::makeRunId("gates");
            QVERIFY2(fm::isRunId(id), id.c_str());
            ids.insert(id);
        }
        QVERIFY(ids.size() > 98);  // 24 random bits: two equal ones in 100 happen once in 3,000 trials
    }

    // Also when the clock was set back, and when the name of a file is no date at all.
    void runIdsSortBehindTheNewest() {
        QCOMPARE(QString::fromStdString(fm::makeRunId("gates", "20990131T235959Z-align-3fa9c1")).left(16),
                 QString("20990201T000000Z"));
        const std::string usual = fm::makeRunId("gates");
        for (const char* newest : {"", "20200101T000000Z-gates-3fa9c1", "99991231T235959Z-gates-3fa9c1", "notes"}) {
            const std::string id = fm::makeRunId("gates", newest);
            QVERIFY2(fm::isRunId(id) && id.substr(0, 4) == usual.substr(0, 4), id.c_str());
        }
        QVERIFY(fm::makeRunId("align", usual) > usual);
        QVERIFY(fm::isRunId(fm::makeRunId("gates", "99999999T999999Z-gates-3fa9c1")));
    }

    void warnsOfIdsAheadOfTheClock() {
        QCOMPARE(fm::clockWarning(""), std::string());
        QCOMPARE(fm::clockWarning(fm::makeRunId("gates")), std::string());
        QCOMPARE(fm::clockWarning("20200101T000000Z-gates-3fa9c1"), std::string());
        QVERIFY(fm::clockWarning("20990101T000000Z-gates-3fa9c1").find("check the clock") != std::string::npos);
    }

    void onlyRunIdsPassAsRunIds() {
        QVERIFY(fm::isRunId("20260314T150926Z-gates-3fa9c1"));
        for (const char* other :
             {"", "gates", "20260314T150926Z-gates-3fa9c", "20260314T150926Z-gates-3fa9cg", "20260314T150926Z--3fa9c1",
              "20260314T150926Z-../x-3fa9c1", "20260314T150926Z-a/b-3fa9c1", "20260314T150926-gates-3fa9c1",
              "20260314T150926Z-Gates-3fa9c1", "20260314T150926Z-gates-3fa9c1/..", "x0260314T150926Z-gates-3fa9c1"})
            QVERIFY2(!fm::isRunId(other), other);
    }

    void rowsAreComparedWithTheirTable() {
        const fm::Table table{"steps",
                              {{"i", fm::CellType::Int64},
                               {"v", fm::CellType::Float32Vector, 2},
                               {"t", fm::CellType::Text, 3},
                               {"d", fm::CellType::Float64}}};
        const auto row = [](fm::Cell i, fm::Cell v, fm::Cell t, fm::Cell d) { return fm::Row{i, v, t, d}; };
        const std::vector<float> two = {1, 2};
        QCOMPARE(fm::rowMismatch(table, row(std::int64_t{1}, two, std::string("abc"), 1.0)), std::string());
        QVERIFY(!fm::rowMismatch(table, {}).empty());
        QVERIFY(fm::rowMismatch(table, row(1.0, two, std::string(), 1.0)).find("i ") == 0);
        QVERIFY(fm::rowMismatch(table, row(std::int64_t{1}, std::vector<float>{1}, std::string(), 1.0)).find("v ") ==
                0);
        QVERIFY(fm::rowMismatch(table, row(std::int64_t{1}, two, std::string("abcd"), 1.0)).find("t ") == 0);
        QVERIFY(fm::rowMismatch(table, row(std::int64_t{1}, two, std::string(), std::int64_t{1})).find("d ") == 0);
    }

    // Qt's decoder is the independent judge of what is valid UTF-8.
    void repairedTextIsValidAndKeepsItsLength() {
        std::string bytes;
        unsigned seed = 1;
        for (int i = 0; i < 20'000; ++i) {
            seed = seed * 1664525u + 1013904223u;
            const unsigned kind = seed >> 30;
            bytes += static_cast<char>(kind == 0 ? seed >> 24 : kind == 1 ? 0x80 | (seed >> 20 & 0x3f) : seed >> 16);
        }
        std::string repaired = bytes;
        fm::replaceInvalidUtf8(repaired);
        QCOMPARE(repaired.size(), bytes.size());
        QStringDecoder judge(QStringDecoder::Utf8);
        const QString decoded = judge(QByteArray::fromStdString(repaired));
        QVERIFY(!decoded.isEmpty() && !judge.hasError());
        const std::string valid = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z\xed\x9f\xbf\xf4\x8f\xbf\xbf";
        std::string same = valid;
        fm::replaceInvalidUtf8(same);
        QCOMPARE(same, valid);
        for (const char* bad :
             {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8"}) {
            std::string text = bad;
            fm::replaceInvalidUtf8(text);
            QCOMPARE(text, std::string(std::string(bad).size(), '?'));
        }
    }

    void prefixesCutNoCharacter() {
        const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";  // 1 + 2 + 3 + 4 bytes
        const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
        for (std::size_t bytes = 0; bytes < 12; ++bytes) QCOMPARE(fm::utf8PrefixLength(text, bytes), expected[bytes]);
    }

    void bytesAreCountedInPowersOf1024() {
        const std::pair<double, const char*> texts[] = {{0, "0 B"},          {999, "999 B"},
                                                        {1000, "1.0 KiB"},   {6246, "6.1 KiB"},
                                                        {147456, "144 KiB"}, {3.2 * 1048576, "3.2 MiB"},
                                                        {1e9, "954 MiB"},    {139.0 * 1073741824, "139 GiB"},
                                                        {5e15, "4547 TiB"}};
        for (const auto& [bytes, text] : texts) QCOMPARE(fm::byteText(bytes), std::string(text));
    }

    void wordsOfStatesComeBack() {
        for (const char* word : {"running", "paused", "finished", "cancelled", "failed"})
            QCOMPARE(std::string(fm::toString(fm::runStateFromString(word).value())), std::string(word));
        QVERIFY(!fm::runStateFromString("done"));
        for (const char* word : {"info", "warning", "error"})
            QCOMPARE(std::string(fm::toString(fm::severityFromString(word).value())), std::string(word));
    }
};

QTEST_GUILESS_MAIN(TestRunValues)
#include "test_run_values.moc"
