#include "app/gui/workbench.h"
#include "core/plan/plan_spelling.h"

#include <QFileInfo>

#include <nlohmann/json.hpp>

namespace fm {
namespace {

constexpr int kRefreshMs = 3000;
constexpr int kChooseMs = 10;

}  // namespace

Workbench::Workbench(Settings& settings, const QString& resources, QObject* parent)
    : QObject(parent),
      settings_(settings),
      resources_(resources),
      follow_(source_.data(), cursor_, plan_),
      engine_(client_, study_, source_),
      prober_(engine_, cost_, plan_) {
    wireStudy();
    wireCost();
    wireEngine();
    connect(&selection_, &Selection::runChanged, this, [this] { showRun(selection_.run()); });
    connect(&source_, &RunSource::problemChanged, this, [this] {
        if (!source_.problem().isEmpty()) Q_EMIT problem(source_.problem(), selection_.run());
    });
    connect(&plan_, &PlanState::editRefused, this, [this](const QString& why) { Q_EMIT problem(why, "plan"); });
    refresh_.setInterval(kRefreshMs);
    connect(&refresh_, &QTimer::timeout, &study_, &StudyState::refresh);
}

void Workbench::wireStudy() {
    connect(&study_, &StudyState::problemRaised, this, [this](const QString& text) { Q_EMIT problem(text, "study"); });
    choose_.setSingleShot(true);
    choose_.setInterval(kChooseMs);
    connect(&choose_, &QTimer::timeout, this, &Workbench::chooseRun);
    connect(&study_, &StudyState::runsChanged, &choose_, qOverload<>(&QTimer::start));
    connect(&study_, &StudyState::modelChanged, this, [this] {
        cost_.setShape(study_.shape());
        if (study_.shape()) {
            settings_.rememberShape(QString::fromStdString(study_.info().teacher_hash), *study_.shape());
        }
    });
    connect(&study_, &StudyState::opened, this, [this] {
        plan_.reset(0, 0);
        source_.close();
        selection_.setRun({});
        selection_.setComparedRuns({});
        cost_.setShape(settings_.shapeOf(QString::fromStdString(study_.info().teacher_hash)));
        cost_.forget();
        prober_.forget();
    });
}

void Workbench::wireCost() {
    cost_.setContextTokens(settings_.contextTokens());
    connect(&study_, &StudyState::measurementsChanged, this, [this] { cost_.setMeasurements(study_.measurements()); });
    connect(&plan_, &PlanState::planChanged, this, [this] { cost_.setPlan(plan_.plan()); });
    connect(&cost_, &CostState::changed, this, [this] { settings_.setContextTokens(cost_.query().context_tokens); });
}

void Workbench::wireEngine() {
    for (auto signal : {&EngineLink::problem, &EngineLink::lost}) {
        connect(&engine_, signal, this, [this](const QString& text) { Q_EMIT problem(text, "engine"); });
    }
    connect(&engine_, &EngineLink::studyMirrored, this, &Workbench::takeStudy);
    connect(&engine_, &EngineLink::jobOpened, &selection_, &Selection::setRun);
}

bool Workbench::openStudy(const QString& folder) {
    const std::optional<StudyPlace> copy_of = StudyMirror::placeOf(folder);
    const bool here = QFileInfo::exists(folder + "/study.json");
    if (!here && !engine_.isProgramBeside()) {  // the engine may know it
        engine_.openStudy(folder);
        return true;
    }
    engine_.openStudy({});
    if (!study_.open(folder)) return false;
    if (copy_of && copy_of->engine != engine_.command()) {
        engine_.keepLabelsThere();
        Q_EMIT problem(tr("This is a copy of the study %1; for jobs in it, set the engine's place to: %2")
                           .arg(copy_of->study, copy_of->engine),
                       "study");
    } else {
        engine_.openStudy(copy_of ? copy_of->study : folder);
    }
    takeStudy(folder);
    return true;
}

void Workbench::takeStudy(const QString& folder) {
    settings_.addRecentStudy(folder);
    refresh_.start();
    Q_EMIT studyOpened();
}

QString Workbench::studyPlace() const {
    const StudyMirror* mirror = engine_.mirror();
    return mirror ? tr("%1 on %2").arg(mirror->place().study, engine_.where()) : study_.folder();
}

void Workbench::chooseRun() {
    if (!selection_.run().isEmpty()) return;
    const QString newest = study_.newestRun("gates");
    if (!newest.isEmpty()) selection_.setRun(newest);
}

void Workbench::showRun(const QString& run_id) {
    if (source_.isLive() && source_.data().runId() == run_id) return;
    if (run_id.isEmpty()) return source_.close();
    source_.openFile(study_.runPath(run_id));
}

nlohmann::json Workbench::specFor(const QString& job) const {
    nlohmann::json spec = nlohmann::json::object();
    if (plan_.numLayers() == 0) return spec;
    if (job == "distill" || job == "eval" || job == "probe") spec["layers"] = layersOption(plan_.plan());
    if (job == "select") spec["budgets"] = {plan_.budget()};
    if (job != "gates") return spec;
    spec["budget"] = plan_.budget();
    for (const Pin& pin : plan_.plan().pins) {
        spec["pins"].push_back(std::to_string(pin.layer) + (pin.kind == LayerKind::Full ? "=full" : "=linear"));
    }
    return spec;
}

}  // namespace fm
