#include "app/gui/panel_links.h"

#include <chrono>

#include <nlohmann/json.hpp>

#include "app/gui/docks.h"
#include "app/gui/export_link.h"
#include "app/gui/job_link.h"
#include "app/gui/window_toolbar.h"
#include "app/gui/workbench.h"
#include "core/plan/gate_plan.h"
#include "core/plan/plan_spelling.h"
#include "widgets/models/compare_entries.h"
#include "widgets/models/run_title.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/help_panel.h"
#include "widgets/panels/interdependence_panel.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/runs_panel.h"
#include "widgets/panels/sample_detail.h"
#include "widgets/panels/samples_panel.h"

namespace fm {
namespace {

constexpr std::chrono::minutes kLongestSample{5};
constexpr QSize kHandbookSize{680, 720};

}  // namespace

PanelLinks::PanelLinks(Workbench& w, const Panels& panels, Docks& docks, WindowToolbar& toolbar, JobLink& jobs,
                       ExportLink& exports, QObject* parent)
    : QObject(parent),
      workbench_(w),
      panels_(panels),
      docks_(docks),
      toolbar_(toolbar),
      jobs_(jobs),
      exports_(exports),
      evaluation_(w.run(), w.study(), "eval", 120),
      interaction_(w.run(), w.study(), "interact", 180),
      gates_(w.run(), w.study(), "gates", 240) {
    linkRuns();
    linkSamples();
    linkInterdependence();
    linkCompare();
    panels_.log->setRun(&workbench_.run());
    connect(panels_.log, &LogPanel::runActivated, &workbench_.selection(), &Selection::setRun);
    connect(panels_.help, &HelpPanel::placeActivated, this, [this](const QString& place) { docks_.raise(place); });
    connect(panels_.help, &HelpPanel::handbookShown, this, [this] { docks_.giveRoom("help", kHandbookSize); });
}

void PanelLinks::chooseJob(const QString& job) {
    toolbar_.setJob(job);
    jobs_.choose(job);
    docks_.raise("job");
}

void PanelLinks::linkRuns() {
    connect(panels_.runs, &RunsPanel::runActivated, &workbench_.selection(), &Selection::setRun);
    connect(panels_.runs, &RunsPanel::settingsWanted, this, [this](const QString& run) {
        jobs_.chooseLike(run);
        docks_.raise("job");
    });
    connect(panels_.runs, &RunsPanel::resumeRequested, this, [this](const QString& run) {
        const RunEntry* entry = workbench_.study().run(run);
        if (entry) workbench_.engine().startJob(QString::fromStdString(entry->summary.job), {}, run);
    });
}

void PanelLinks::linkSamples() {
    const auto follow = [this] {
        const RunData* run = evaluation_.data();
        panels_.samples->setRun(run);
        const RunEntry* entry = run ? workbench_.study().run(run->runId()) : nullptr;
        panels_.samples->setPlan(entry ? planOfRun(*entry, workbench_.study().info()) : std::string());
    };
    connect(&evaluation_, &CompanionRun::changed, this, follow);
    follow();
    connect(panels_.samples, &SamplesPanel::evaluateWanted, this, [this] { chooseJob("eval"); });
    connect(panels_.samples, &SamplesPanel::sampleWanted, this, [this](const QString& run, int index) {
        const auto take = [this, run, index](const EngineReply& reply) {
            if (!reply.ok()) return panels_.samples->setDetailProblem(run, index, reply.sentence());
            SampleDetail detail = sampleDetail(reply.result);
            detail.gate_run = runLongTitle(workbench_.study(), detail.gate_run);
            panels_.samples->setDetail(run, index, detail);
        };
        workbench_.engine().client().request("sample/get", {{"run", run.toStdString()}, {"index", index}}, this, take,
                                             kLongestSample);
    });
}

void PanelLinks::linkInterdependence() {
    const auto follow = [this] {
        panels_.interdependence->setRun(interaction_.data());
        panels_.interdependence->setGateRun(gates_.data());
    };
    connect(&interaction_, &CompanionRun::changed, this, follow);
    connect(&gates_, &CompanionRun::changed, this, follow);
    follow();
    connect(panels_.interdependence, &InterdependencePanel::interactWanted, this, [this] { chooseJob("interact"); });
}

void PanelLinks::linkCompare() {
    connect(panels_.compare, &ComparePanel::probeChosen, &workbench_.cost(), &CostState::showProbe);
    connect(panels_.compare, &ComparePanel::measureWanted, &workbench_.prober(), &PlanProber::measureRest);
    connect(&workbench_.prober(), &PlanProber::restChanged, panels_.compare, &ComparePanel::setLeftToMeasure);
    connect(panels_.compare, &ComparePanel::planWanted, this, [this](const std::string& key, const QString& title) {
        workbench_.plan().applyPlan(planFromKey(key), title);
    });
    connect(panels_.compare, &ComparePanel::exportWanted, &exports_, &ExportLink::show);
    connect(panels_.compare, &ComparePanel::distillWanted, this, [this](const std::string& key) {
        workbench_.plan().applyPlan(planFromKey(key), tr("plan to distil"));
        chooseJob("distill");
    });
    connect(panels_.compare, &ComparePanel::evaluateWanted, this, [this](const QString& id) {
        nlohmann::json spec;
        if (id.startsWith("plan-")) spec["layers"] = layersOption(planFromKey(id.mid(5).toStdString()));
        if (!id.startsWith("plan-")) spec["hybrid"] = id.toStdString();
        toolbar_.setJob("eval");
        jobs_.chooseWith("eval", spec);
        docks_.raise("job");
    });
}

}  // namespace fm
