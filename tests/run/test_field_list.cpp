// Specs: JSON round trip, and every mistake reported at once.
#include "core/base/field_list.h"

#include <QTest>

#include <cstdint>
#include <string>
#include <vector>

namespace {

struct SampleSpec {
    int budget = 4;
    std::int64_t tokens = 20'000'000;
    double lambda = 0.1;
    bool resume = false;
    std::string full_src = "mixed";
    std::vector<int> layers = {1, 2};
    std::vector<double> depths = {0.0, 0.5};
    std::vector<std::string> tasks = {"passkey"};

    template <class Self, class Visitor>
    static void forEachField(Self& self, Visitor&& visit) {
        visit(self.budget, fm::FieldInfo{"budget", "layers", "how many layers keep full attention", 0, 30});
        visit(self.tokens, fm::FieldInfo{"tokens", "tokens", "how much is read", 1});
        visit(self.lambda, fm::FieldInfo{"lambda", "", "weight of the regulariser", 0, 10});
        visit(self.resume, fm::FieldInfo{"resume", "", "go on from the last state"});
        visit(self.full_src,
              fm::FieldInfo{.name = "full_src", .unit = "", .help = "", .choices = {"teacher", "mixed"}});
        visit(self.layers, fm::FieldInfo{"layers", "", "which", 0, 29});
        visit(self.depths, fm::FieldInfo{"depths", "", "where", 0, 1});
        visit(self.tasks, fm::FieldInfo{.name = "tasks", .unit = "", .help = "", .choices = {"passkey", "niah"}});
    }
};

std::vector<fm::Problem> read(const char* json, SampleSpec& spec, const std::string& prefix = {}) {
    return fm::specFromJson(nlohmann::json::parse(json), spec, prefix);
}

}  // namespace

class TestFieldList : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesEveryFieldWithItsDefault() {
        const nlohmann::json expected = nlohmann::json::parse(
            R"({"budget":4,"tokens":20000000,"lambda":0.1,"resume":false,"full_src":"mixed",
                "layers":[1,2],"depths":[0.0,0.5],"tasks":["passkey"]})");
        QCOMPARE(fm::specToJson(SampleSpec{}).dump(), expected.dump());
    }

    void readsEveryField() {
        SampleSpec spec;
        const auto problems = read(R"({"budget":30,"tokens":9007199254740993,"lambda":0.125,"resume":true,
            "full_src":"teacher","layers":[0,29],"depths":[1],"tasks":["niah","passkey"]})",
                                   spec);
        QVERIFY(problems.empty());
        QCOMPARE(spec.budget, 30);
        QCOMPARE(spec.tokens, std::int64_t{9007199254740993});  // 2^53 + 1: no detour through a double
        QCOMPARE(spec.lambda, 0.125);
        QCOMPARE(spec.resume, true);
        QCOMPARE(spec.full_src, std::string("teacher"));
        QCOMPARE(spec.layers, (std::vector<int>{0, 29}));
        QCOMPARE(spec.depths, (std::vector<double>{1.0}));
        QCOMPARE(spec.tasks, (std::vector<std::string>{"niah", "passkey"}));
    }

    void leavesAbsentFieldsAtTheirDefault() {
        SampleSpec spec;
        QVERIFY(read(R"({"budget":7})", spec).empty());
        QCOMPARE(spec.budget, 7);
        QCOMPARE(spec.lambda, 0.1);
    }

    void acceptsWholeNumbersInExponentForm() {
        SampleSpec spec;
        QVERIFY(read(R"({"tokens":2e7,"budget":3.0})", spec).empty());
        QCOMPARE(spec.tokens, std::int64_t{20'000'000});
        QCOMPARE(spec.budget, 3);
    }

    void reportsAllProblemsAtOnce() {
        SampleSpec spec;
        const auto problems = read(R"({"budget":31,"tokens":0,"lambda":"much","resume":1,"full_src":"student",
            "layers":[1,30],"depths":[0.5,"nan"],"tasks":["passkey","chess"],"lamda":0.2,"extra":null})",
                                   spec, "gates.");
        std::vector<std::string> fields;
        for (const fm::Problem& problem : problems) fields.push_back(problem.field);
        QCOMPARE(fields, (std::vector<std::string>{"gates.budget", "gates.tokens", "gates.lambda", "gates.resume",
                                                   "gates.full_src", "gates.layers", "gates.depths", "gates.tasks",
                                                   "gates.extra", "gates.lamda"}));
        QCOMPARE(problems[0].value, std::string("31"));
        QCOMPARE(problems[0].allowed, std::string("an integer from 0 to 30 (layers)"));
        QCOMPARE(problems[1].allowed, std::string("an integer of at least 1 (tokens)"));
        QCOMPARE(problems[2].allowed, std::string("a number from 0 to 10"));
        QCOMPARE(problems[3].allowed, std::string("true or false"));
        QCOMPARE(problems[4].allowed, std::string("one of: teacher, mixed"));
        QCOMPARE(problems[6].allowed, std::string("a list of numbers from 0 to 1"));
        QVERIFY(problems[9].allowed.find("lambda") != std::string::npos);
        QCOMPARE(spec.budget, 4);  // a refused value changes nothing
        QCOMPARE(spec.layers, (std::vector<int>{1, 2}));
    }

    void refusesOneBadValue_data() {
        QTest::addColumn<QString>("json");
        for (const char* json : {R"({"budget":-1})",
                                 R"({"budget":2.5})",
                                 R"({"budget":true})",
                                 R"({"budget":"4"})",
                                 R"({"budget":null})",
                                 R"({"budget":99999999999999999999})",
                                 R"({"tokens":18446744073709551615})",
                                 R"({"tokens":1e19})",
                                 R"({"lambda":"nan"})",
                                 R"({"lambda":"inf"})",

                                 R"({"lambda":[0.1]})",
                                 R"({"resume":"true"})",
                                 R"({"full_src":""})",
                                 R"({"full_src":3})",
                                 R"({"layers":3})",
                                 R"({"layers":[1,2.5]})",
                                 R"({"tasks":"passkey"})",
                                 R"([])",
                                 R"("budget")",
                                 R"(null)"})
            QTest::newRow(json) << QString(json);
    }
    void refusesOneBadValue() {
        QFETCH(QString, json);
        const nlohmann::json parsed = nlohmann::json::parse(json.toStdString());
        SampleSpec spec;
        QCOMPARE(fm::specFromJson(parsed, spec).size(), std::size_t{1});
        QCOMPARE(fm::specToJson(spec).dump(), fm::specToJson(SampleSpec{}).dump());
    }

    void survivesADeeplyNestedValue() {
        constexpr int depth = 200'000;
        const std::string text = R"({"budget":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
        SampleSpec spec;
        const auto problems = fm::specFromJson(nlohmann::json::parse(text), spec);
        QCOMPARE(problems.size(), std::size_t{1});
        QCOMPARE(problems[0].value, std::string("a nested list"));
    }

    void refusesNotANumberFromCode() {
        SampleSpec spec;
        nlohmann::json json = nlohmann::json::object();
        json["lambda"] = std::numeric_limits<double>::quiet_NaN();
        QCOMPARE(fm::specFromJson(json, spec).size(), std::size_t{1});
        QCOMPARE(spec.lambda, 0.1);
    }

    void inputErrorNamesEveryProblem() {
        const fm::InputError error({{"gates.budget", "31", "an integer from 0 to 30"}, {"file", "", "a path"}});
        QCOMPARE(
            std::string(error.what()),
            std::string("gates.budget: got 31, expected an integer from 0 to 30\nfile: got nothing, expected a path"));
        QCOMPARE(error.problems().size(), std::size_t{2});
    }
};

QTEST_GUILESS_MAIN(TestFieldList)
#include "test_field_list.moc"
