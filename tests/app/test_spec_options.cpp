// Options made from a field list give the same spec, and the same problems, as the JSON of a spec file.
#include <QTest>

#include "app/cli/spec_options.h"

namespace fm::cli {

namespace {

struct ToySpec {
    bool mixed = true;
    int budget = 4;
    std::int64_t tokens = 1000;
    double lambda = 0.1;
    std::string mode = "paper";
    std::vector<int> lengths = {256};
    std::vector<double> shares = {0.5};
    std::vector<std::string> swap_tasks = {"mk4"};

    template <class Self, class Visitor>
    static void forEachField(Self& self, Visitor&& visit) {
        visit(self.mixed, FieldInfo{"mixed", "", "a flag"});
        visit(self.budget, FieldInfo{"budget", "layers", "how many layers keep full attention", 0, 30});
        visit(self.tokens, FieldInfo{"tokens", "tokens", "a count", 1, 1e12});
        visit(self.lambda, FieldInfo{"lambda", "", "a number", 0, 10});
        visit(self.mode, FieldInfo{"mode", "", "a word", 0, 0, {"paper", "default"}});
        visit(self.lengths, FieldInfo{"lengths", "tokens", "a list", 1, 4096});
        visit(self.shares, FieldInfo{"shares", "", "another list", 0, 1});
        visit(self.swap_tasks, FieldInfo{"swap_tasks", "", "words"});
    }
};

ToySpec parse(std::vector<std::string> words) {
    CLI::App app;
    const SpecOptions<ToySpec> options(app);
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    app.parse(words);
    return options.spec();
}

QStringList problemsOf(const std::vector<std::string>& words) {
    QStringList fields;
    try {
        parse(words);
    } catch (const InputError& error) {
        for (const Problem& problem : error.problems()) fields << QString::fromStdString(problem.field);
    }
    fields.sort();
    return fields;
}

}  // namespace

class TestSpecOptions : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingGivenIsTheDefault();
    void everyKindOfField();
    void allProblemsAtOnce();
    void helpNamesUnitRangeAndDefault();
    void unknownOptionsAreRefused();
};

void TestSpecOptions::nothingGivenIsTheDefault() {
    QCOMPARE(specToJson(parse({})).dump(), specToJson(ToySpec{}).dump());
}

void TestSpecOptions::everyKindOfField() {
    const ToySpec spec = parse({"--no-mixed", "--budget", "0", "--tokens=3000000000", "--lambda", "1e-3", "--mode",
                                "default", "--lengths", "512,256", "--shares", "0,1", "--swap-tasks", "mk8,hop2"});
    QCOMPARE(spec.mixed, false);
    QCOMPARE(spec.budget, 0);
    QCOMPARE(spec.tokens, std::int64_t{3000000000});
    QCOMPARE(spec.lambda, 1e-3);
    QCOMPARE(spec.mode, std::string("default"));
    QCOMPARE(spec.lengths, (std::vector<int>{512, 256}));
    QCOMPARE(spec.shares, (std::vector<double>{0, 1}));
    QCOMPARE(spec.swap_tasks, (std::vector<std::string>{"mk8", "hop2"}));
    QCOMPARE(parse({"--mixed"}).mixed, true);
}

void TestSpecOptions::allProblemsAtOnce() {
    QCOMPARE(problemsOf({"--budget", "31", "--tokens", "2.5", "--lambda", "nan", "--mode", "fast", "--lengths", "1,,2",
                         "--shares", "0.5,2"}),
             (QStringList{"budget", "lambda", "lengths", "mode", "shares", "tokens"}));
    QCOMPARE(problemsOf({"--budget", "-1"}), QStringList{"budget"});
    QCOMPARE(problemsOf({"--budget", "four"}), QStringList{"budget"});
    QCOMPARE(problemsOf({"--budget", "4x"}), QStringList{"budget"});
    QCOMPARE(problemsOf({"--budget", "99999999999999999999"}), QStringList{"budget"});
    QCOMPARE(problemsOf({"--lambda", "inf"}), QStringList{"lambda"});
}

void TestSpecOptions::helpNamesUnitRangeAndDefault() {
    CLI::App app;
    const SpecOptions<ToySpec> options(app);
    const QString help = QString::fromStdString(app.help());
    for (const char* words : {"--budget", "how many layers keep full attention", "[layers]", "from 0 to 30",
                              "default 4", "--no-mixed", "paper, default", "--swap-tasks"}) {
        QVERIFY2(help.simplified().contains(words), (help + "\nlacks: " + words).toUtf8().constData());
    }
}

void TestSpecOptions::unknownOptionsAreRefused() {
    QVERIFY_EXCEPTION_THROWN(parse({"--swap_tasks", "a"}), CLI::ParseError);
    QVERIFY_EXCEPTION_THROWN(parse({"--budget"}), CLI::ParseError);
    QVERIFY_EXCEPTION_THROWN(parse({"--budget", "1", "--budget", "2"}), CLI::ParseError);
}

}  // namespace fm::cli

QTEST_GUILESS_MAIN(fm::cli::TestSpecOptions)
#include "test_spec_options.moc"
