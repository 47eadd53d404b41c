// Every panel in both themes at the size of its dock: no text is cut off, every control has a name and a tooltip.
// FM_PICTURES=<folder> writes the pictures to look at.
#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QTableView>
#include <QTest>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/panels/cut_texts.h"
#include "tests/panels/panel_study.h"
#include "widgets/models/log_model.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/diff_panel.h"
#include "widgets/panels/export_dialog.h"
#include "widgets/panels/help_panel.h"
#include "widgets/panels/interdependence_panel.h"
#include "widgets/panels/job_form.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/runs_panel.h"
#include "widgets/panels/samples_panel.h"
#include "widgets/plots/pair_map.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_source.h"
#include "widgets/state/selection.h"
#include "widgets/state/study_state.h"
#include "widgets/theme/theme.h"

namespace {

using fm::ThemeKind;

struct Scene {
    explicit Scene(const QString& folder, ThemeKind kind) : theme(kind) {
        fm::applyTheme(*qApp, kind);
        study.open(folder);
        while (study.loading()) QTest::qWait(5);
        fm::ModelShape shape;
        shape.num_layers = fixture::num_layers;
        shape.hidden_size = 64, shape.intermediate_size = 128, shape.vocab_size = 512, shape.max_position = 4096;
        shape.num_heads = 4, shape.num_kv_heads = 2, shape.head_dim = 16;
        study.setModel(shape, {}, {});
        plan.reset(fixture::num_layers, 4);
        gates.openFile(study.runPath("20260301T090000Z-gates-0000aa"));
        eval.openFile(study.runPath("20260304T090000Z-eval-0000dd"));
        pairs.openFile(study.runPath("20260305T090000Z-interact-0000ee"));
    }
    fm::ThemeSource theme;
    fm::StudyState study;
    fm::CostState cost;
    fm::Selection selection;
    fm::PlanState plan;
    fm::RunSource gates, eval, pairs;
    fm::ProblemsModel problems;
};

nlohmann::json field(const char* name, const char* type, const nlohmann::json& value, const char* unit,
                     const char* help, const char* effect = "next run") {
    return {{"name", name},
            {"type", type},
            {"unit", unit},
            {"help", help},
            {"min", 0},
            {"max", 4096},
            {"choices", nlohmann::json::array()},
            {"takes_effect", effect},
            {"default", value}};
}

nlohmann::json gateFields() {
    nlohmann::json mode =
        field("mode", "text", "default", "", "paper: the published settings; default: what measured best");
    mode["choices"] = {"default", "paper"};
    return {{"fields",
             {mode, field("budget", "integer", 4, "layers", "how many layers keep full attention (K)", "next step"),
              field("lambda", "number", 0.1, "", "strength of the regulariser towards linear", "next step"),
              field("tasks", "texts", nlohmann::json::array(), "",
                    "retrieval tasks; none: what the teacher was trained on"),
              field("lengths", "integers", {512, 1024}, "tokens", "context lengths"),
              field("tokens_per_step", "integer", 8192, "tokens", "tokens in one step"),
              field("swap_refine", "boolean", true, "", "improve the plan by swaps on a probe"),
              field("seed", "integer", 1, "", "seed of data and ties")}}};
}

fm::SampleDetail sampleText() {
    QString prompt = QStringLiteral("A book about gardens. ");
    for (int i = 0; i < 60; ++i) prompt += QStringLiteral("The grass is green and the sky is blue. ");
    const QString needle = QStringLiteral("The secret of the lamp is amber 3.");
    prompt.insert(900, needle + ' ');
    prompt += QStringLiteral("What is the secret of the lamp?");
    return fm::sampleDetail(
        {{"prompt", prompt.toStdString()},
         {"expected", "amber 3"},
         {"teacher", "amber 3"},
         {"needle", {{{"begin", 900}, {"end", 900 + needle.size()}}}},
         {"ids", std::vector<int>(100, 1)},
         {"gates",
          {{"run", "20260301T090000Z-gates-0000aa"}, {"alpha", {0.9, 0.1, 0.88, 0.14, 0.2, 0.93, 0.4, 0.71}}}}});
}

// Buttons and fields must say what they do to the mouse and to a screen reader.
QStringList unexplained(const QWidget& panel) {
    QStringList bare;
    for (const QWidget* widget : panel.findChildren<QWidget*>()) {
        const bool control = qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLineEdit*>(widget) ||
                             qobject_cast<const QComboBox*>(widget);
        const QString name = widget->objectName();
        if (!control || !widget->isVisible() || name.startsWith("qt_") || widget->parentWidget() == nullptr) continue;
        if (qobject_cast<const QLineEdit*>(widget->parentWidget())) continue;  // a field's own clear button
        if (widget->parentWidget()->inherits("QTabBar") || widget->parentWidget()->inherits("QTableView")) continue;
        if (widget->toolTip().isEmpty())
            bare << QStringLiteral("%1 '%2'").arg(widget->metaObject()->className(), widget->accessibleName());
    }
    return bare;
}

}  // namespace

class TestPanelLooks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        fm::registerFonts();
        fixture::makeStudy(folder_.filePath("study"));
    }

    void panels_data() {
        QTest::addColumn<bool>("dark");
        QTest::addRow("dark") << true;
        QTest::addRow("light") << false;
    }

    void panels() {
        QFETCH(bool, dark);
        Scene scene(folder_.filePath("study"), dark ? ThemeKind::Dark : ThemeKind::Light);
        theme_name_ = dark ? QStringLiteral("dark") : QStringLiteral("light");
        runs(scene);
        samples(scene);
        interdependence(scene);
        compare(scene);
        forms(scene);
        rest(scene);
    }

private:
    void look(QWidget& panel, const QString& name, const QSize& size) {
        panel.setAttribute(Qt::WA_StyledBackground);
        panel.setAutoFillBackground(true);
        panel.resize(size);
        panel.show();
        QTest::qWait(80);  // plots draw at most every 33 ms
        if (const QString folder = qEnvironmentVariable("FM_PICTURES"); !folder.isEmpty())
            QVERIFY(panel.grab().save(folder + QStringLiteral("/%1_%2.png").arg(name, theme_name_)));
        const QStringList cut = fixture::cutTexts(panel) + fixture::scrollsSideways(panel);
        QVERIFY2(cut.isEmpty(), qPrintable(name + QStringLiteral(" cuts: ") + cut.join(QStringLiteral("; "))));
        const QStringList bare = unexplained(panel);
        QVERIFY2(bare.isEmpty(),
                 qPrintable(name + QStringLiteral(" lacks tooltips: ") + bare.join(QStringLiteral("; "))));
        panel.hide();
    }

    void runs(Scene& scene) {
        fm::RunsPanel panel(scene.study, scene.selection, scene.theme);
        scene.selection.setRun("20260302T090000Z-gates-0000bb");
        look(panel, "runs", {340, 420});
        look(panel, "runs_wide", {520, 300});
        fm::DiffPanel diff(scene.study, scene.selection);
        look(diff, "diff", {340, 170});
    }

    void samples(Scene& scene) {
        fm::SamplesPanel panel(scene.selection, scene.theme);
        panel.setRun(&scene.eval.data());
        panel.setPlan("FLFLLFLF");
        panel.resize(900, 420);
        panel.show();
        panel.findChild<QTableView*>()->setCurrentIndex(panel.findChild<QTableView*>()->model()->index(3, 0));
        panel.setDetail(scene.eval.data().runId(), 3, sampleText());
        look(panel, "samples", {900, 420});
        panel.setRun(nullptr);
        look(panel, "samples_empty", {420, 260});
    }

    void interdependence(Scene& scene) {
        fm::InterdependencePanel panel(scene.plan, scene.selection, scene.theme);
        look(panel, "interdependence_empty", {400, 320});
        panel.setRun(&scene.pairs.data());
        panel.setGateRun(&scene.gates.data());
        Q_EMIT panel.pairMap().pairClicked(2, 5);
        look(panel, "interdependence", {400, 420});
        look(panel, "interdependence_wide", {640, 300});
        panel.showCurvature(true);
        look(panel, "curvature", {400, 420});
    }

    void compare(Scene& scene) {
        fm::ComparePanel panel(scene.study, scene.cost, scene.selection, scene.theme);
        look(panel, "compare_table", {820, 260});
        panel.showView(fm::ComparePanel::View::Pareto);
        look(panel, "compare_pareto", {420, 320});
        panel.showView(fm::ComparePanel::View::Parallel);
        look(panel, "compare_parallel", {820, 320});
    }

    void forms(Scene& scene) {
        fm::JobForm form;
        form.setStudy(scene.study.folder());
        form.setJob("gates", gateFields());
        form.setProblems({{"budget", "12", "an integer from 0 to 8"}}, {});
        look(form, "job_form", {380, 460});
        fm::ExportDialog dialog(scene.theme);
        dialog.setSubject({"h1", "FLFLLFLF", "recovered K=4", scene.study.folder()});
        dialog.setTargets(nlohmann::json::parse(R"({"targets":[
          {"target":"fla","exactness":"not_representable",
           "why_not":["the GatedDeltaNet model of fla has no QK-norm in its full-attention layers, and this teacher has one"],
           "remarks":[],"loaders":["flash-linear-attention >= 0.3.2"]},
          {"target":"qwen3_5","exactness":"exact","why_not":[],"remarks":["vLLM reads only 3:1 patterns"],
           "loaders":["transformers >= 5.0"]}]})"));
        look(dialog, "export", {720, 460});
    }

    void rest(Scene& scene) {
        scene.problems.add(fm::Severity::Error,
                           "The engine died: killed by the system, probably out of memory; the run "
                           "is safe up to step 812. Resume goes on from there.",
                           "engine");
        scene.problems.add(fm::Severity::Warning, "The gates do not move: raise lambda or set a budget.", "gates");
        fm::LogPanel log(scene.problems, scene.theme);
        look(log, "problems", {560, 200});
        fm::RunData run;
        run.reset(fixture::header("20260301T090000Z-gates-0000aa", "gates", "{}", fixture::gatesTables(4)));
        run.addLog({1, 900, fm::Severity::Info, "[gates] lambda starts at 0.1"});
        run.addLog({700, 93000, fm::Severity::Warning, "[gates] The gates do not move: raise lambda or set a budget."});
        run.addLog({1, 1200, fm::Severity::Info, "[gates] continues from step 40"});
        log.setRun(&run);
        log.showLog();
        look(log, "log", {560, 200});
        look(log, "log_narrow", {300, 200});
        for (const QTableView* table : log.findChildren<QTableView*>())
            if (table->model()->columnCount() == fm::LogModel::num_columns && table->model()->rowCount() == 3)
                QVERIFY(!table->isColumnHidden(fm::LogModel::TimeColumn));
        fm::HelpPanel help(scene.theme, FM_SOURCE_DIR "/resources/handbook");
        look(help, "help", {420, 520});
        help.showShortcuts();
        look(help, "shortcuts", {480, 420});
        for (const char* page : {"README.md", "method.md", "recurrences.md#notation", "exports.md"}) {
            help.showHandbook(page);
            look(help, QString("handbook_%1").arg(QString(page).section('.', 0, 0).toLower()), {460, 620});
        }
    }

    QTemporaryDir folder_;
    QString theme_name_;
};

QTEST_MAIN(TestPanelLooks)
#include "test_panel_looks.moc"
