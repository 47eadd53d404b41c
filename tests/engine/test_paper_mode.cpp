// The published settings fitted to a teacher: lengths and steps typed by hand, passkeys against a search of every
// shape, and what the user says left alone.
#include <QTemporaryDir>
#include <QtTest>

#include "core/base/error.h"
#include "core/engine/gates.h"
#include "core/engine/paper_mode.h"
#include "tests/support/built_in_model.h"

using namespace fm;
using namespace fm::testing;

namespace {

std::string firstField(const std::function<void()>& refused) {
    try {
        refused();
    } catch (const InputError& error) {
        return error.problems().at(0).field;
    }
    return {};
}

bool holds(const std::string& task, std::int32_t tokens, const TaskResources& resources) {
    try {
        for (std::uint64_t seed = 0; seed < 3; ++seed) makeTask(task, resources)->make(seed, tokens);
        return true;
    } catch (const InputError&) {
        return false;
    }
}

QString joined(const std::vector<std::string>& sentences) {
    QStringList list;
    for (const std::string& sentence : sentences) list << QString::fromStdString(sentence);
    return list.join('\n');
}

}  // namespace

class TestPaperMode : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        QVERIFY(writeShortText(folder_.filePath("text.txt"), 60'000));
        resources_.tokenizer = Tokenizer::open(builtInModel());
        resources_.corpus = TextCorpus::load(folder_.filePath("text.txt").toStdString(), *resources_.tokenizer);
    }

    // resources/handbook/method.md, "Paper mode"
    void settingsAreThePublishedOnes() {
        const GatesSpec spec = GatesSpec::paper();
        QCOMPARE(spec.lambda, 0.1);
        QCOMPARE(spec.lr, 2e-2);
        QCOMPARE(spec.lr_floor, 2e-3);
        QCOMPARE(spec.objective, std::string("hidden"));
        QCOMPARE(spec.full_source, std::string("teacher"));
        QCOMPARE(spec.budget_rule, std::string("fixed"));
        QCOMPARE(spec.text_kl_weight + spec.text_share + spec.scale_free_weight, 0.0);
        QVERIFY(spec.propagate && !spec.swap_refine);
    }

    // 16 lengths of 8500 tokens in the mean: 20e6 / 8500 = 2352.9 sequences.
    void aLongContextGetsThePublishedGrid() {
        GatesSpec spec = GatesSpec::paper();
        spec.tasks = {"simple_passkey"};  // fits every length
        const PaperFit fit = fitPaperMode(spec, 40960, resources_);
        std::vector<int> grid;
        for (int thousands = 1; thousands <= 16; ++thousands) grid.push_back(1000 * thousands);
        QCOMPARE(fit.spec.lengths, grid);
        QCOMPARE(fit.spec.steps, std::int64_t{2353});
        QCOMPARE(fit.remarks.size(), std::size_t{1});
        QVERIFY2(joined(fit.remarks).contains("2353 steps"), qPrintable(joined(fit.remarks)));
    }

    // The built-in tokenizer needs 1513 tokens for ten keys of 32 words: no sequence of 1000 holds them.
    void aMediumContextCutsTheGrid() {
        const PaperFit fit = fitPaperMode(GatesSpec::paper(), 8192, resources_);
        QCOMPARE(fit.spec.tasks, std::vector<std::string>{"passkey"});
        QCOMPARE(fit.spec.lengths, (std::vector<int>{2000, 3000, 4000, 5000, 6000, 7000, 8000}));
        QCOMPARE(fit.spec.steps, std::int64_t{4000});  // 20e6 / 5000
        QVERIFY2(joined(fit.remarks).contains("2000 to 8000 tokens") && joined(fit.remarks).contains("8192") &&
                     joined(fit.remarks).contains("no shorter"),
                 qPrintable(joined(fit.remarks)));
        const PaperFit between = fitPaperMode(GatesSpec::paper(), 1700, resources_);  // holds the keys, no thousands
        QCOMPARE(between.spec.tasks, std::vector<std::string>{"passkey"});
        QCOMPARE(between.spec.lengths, std::vector<int>{1700});
    }

    void aShortContextGetsFewerAndShorterKeys_data() {
        QTest::addColumn<int>("context");
        for (const int context : {120, 300, 512, 1000, 1400}) QTest::addRow("%d tokens", context) << context;
    }
    void aShortContextGetsFewerAndShorterKeys() {
        QFETCH(int, context);
        int share = 0, asked = 0;
        std::string best;
        for (int keys = 1; keys <= 10; ++keys) {
            for (int words = 1; words <= 32; ++words) {
                const std::string task = "passkey" + std::to_string(keys) + "x" + std::to_string(words);
                const int mine = std::min(keys * 32, words * 10);  // in 320ths of the published numbers
                if (mine < share || (mine == share && keys * words <= asked) || !holds(task, context, resources_))
                    continue;
                share = mine, asked = keys * words, best = task;
            }
        }
        const PaperFit fit = fitPaperMode(GatesSpec::paper(), context, resources_);
        QCOMPARE(fit.spec.tasks, std::vector<std::string>{best});
        QCOMPARE(fit.spec.lengths, std::vector<int>{context});
        QCOMPARE(fit.spec.steps, std::int64_t{std::llround(20e6 / context)});
        const QString remarks = joined(fit.remarks);
        const QString size = QString::fromStdString(best).mid(7).replace("x", " of ") + " words";
        QVERIFY2(remarks.contains(size) && remarks.contains("10 of 32"), qPrintable(remarks));
        QVERIFY2(remarks.contains(QString("the teacher's context of %1 tokens").arg(context)), qPrintable(remarks));
    }

    void whatTheUserSaysStays() {
        GatesSpec spec = GatesSpec::paper();
        spec.lengths = {300};
        spec.tasks = {"mk4"};
        spec.steps = 7;
        spec.tokens_per_step = 900;
        PaperFit fit = fitPaperMode(spec, 512, resources_);
        QCOMPARE(specToJson(fit.spec).dump(), specToJson(spec).dump());
        QVERIFY2(fit.remarks.empty(), qPrintable(joined(fit.remarks)));

        spec = GatesSpec::paper();
        spec.lengths = {400, 800};  // longer than the context, by the user's will; the keys fit the shorter
        spec.tokens_per_step = 2000;
        fit = fitPaperMode(spec, 512, resources_);
        QCOMPARE(fit.spec.lengths, spec.lengths);
        QVERIFY(holds(fit.spec.tasks.at(0), 400, resources_));
        QVERIFY2(joined(fit.remarks).contains("more than 400 tokens"), qPrintable(joined(fit.remarks)));
        QCOMPARE(fit.spec.steps, std::int64_t{11111});  // 5 x 400 and 2 x 800 tokens: 1800 in the mean

        spec.micro_batches = 2;  // 2 x 2 of 400 and 2 x 1 of 800 tokens: 1600 a step
        QCOMPARE(fitPaperMode(spec, 512, resources_).spec.steps, std::int64_t{12500});

        spec = GatesSpec::paper();
        spec.tasks = {"passkey_duo"};
        QCOMPARE(fitPaperMode(spec, 40960, resources_).spec.tasks, spec.tasks);
    }

    void whatCannotBeIsRefused() {
        QCOMPARE(firstField([&] { fitPaperMode(GatesSpec::paper(), 40, resources_); }), std::string("tasks"));
        TaskResources no_text = resources_;
        no_text.corpus = nullptr;
        QCOMPARE(firstField([&] { fitPaperMode(GatesSpec::paper(), 512, no_text); }), std::string("corpus"));
        GatesSpec spec;
        const std::vector<Problem> problems = gatesSpecFromJson({{"steps", 0}}, spec);
        QCOMPARE(problems.size(), std::size_t{1});
        QCOMPARE(problems[0].field, std::string("steps"));
        QVERIFY(gatesSpecFromJson({{"mode", "paper"}, {"steps", 0}}, spec).empty());
        QVERIFY(gatesSpecFromJson({{"mode", "paper"}}, spec).empty());
    }

private:
    QTemporaryDir folder_;
    TaskResources resources_;
};

QTEST_GUILESS_MAIN(TestPaperMode)
#include "test_paper_mode.moc"
