#include "app/gui/job_link.h"

#include "app/gui/workbench.h"
#include "core/base/error.h"
#include "widgets/panels/job_form.h"

namespace fm {

using Json = nlohmann::json;

namespace {

// So small that a gate run is watched rather than waited for: fewer tokens a step, a probe every few steps.
bool isSmall(const ModelShape& shape) {
    constexpr double kParameters = 2e7;
    const double width = double(shape.hidden_size);
    const double layer = 4 * width * width + 3 * width * double(shape.intermediate_size);
    return double(shape.num_layers) * layer + double(shape.vocab_size) * width < kParameters;
}

}  // namespace

JobLink::JobLink(Workbench& workbench, JobForm& form, QObject* parent)
    : QObject(parent), workbench_(workbench), form_(form) {
    connect(&form_, &JobForm::validateWanted, this, &JobLink::validate);
    connect(&form_, &JobForm::startRequested, this,
            [this](const QString& job, const Json& spec) { workbench_.engine().startJob(job, spec); });
    connect(&form_, &JobForm::liveChangeRequested, this,
            [this](const QString&, const QString& field, const Json& value) {
                if (value.is_number()) workbench_.engine().change(field, value.get<double>());
            });
    connect(&workbench_.engine(), &EngineLink::changeAcknowledged, &form_, &JobForm::setTakesEffect);
    connect(&workbench_.engine(), &EngineLink::phaseChanged, this, &JobLink::showPhase);
    connect(&workbench_, &Workbench::studyOpened, this, [this] { form_.setStudy(workbench_.engine().studyThere()); });
    connect(&workbench_.study(), &StudyState::modelChanged, this, [this] {
        form_.setSuggestions("tasks", workbench_.study().tasks());
        choose(chosen_);
    });
    connect(&workbench_.plan(), &PlanState::planChanged, this, &JobLink::followPlan);
    showPhase();
}

Json JobLink::suggested(const QString& job) const {
    Json spec = workbench_.specFor(job);
    const auto& shape = workbench_.study().shape();
    if (job == "gates" && shape && isSmall(*shape))
        spec.update({{"steps", 120}, {"tokens_per_step", 2048}, {"probe_every", 20}});
    return spec;
}

void JobLink::choose(const QString& job) {
    chosen_ = job;
    if (!workbench_.engine().ready()) return;
    showJob(job, suggested(job));
}

void JobLink::chooseWith(const QString& job, const Json& spec) {
    chosen_ = job;
    if (workbench_.engine().ready()) showJob(job, spec);
}

void JobLink::chooseLike(const QString& run_id) {
    const RunEntry* run = workbench_.study().run(run_id);
    if (!run) return;
    chosen_ = QString::fromStdString(run->summary.job);
    showJob(chosen_, Json::parse(run->summary.spec_json, nullptr, false));
}

void JobLink::showJob(const QString& job, const Json& spec) {
    if (const auto known = defaults_.find(job); known != defaults_.end()) {
        form_.setJob(job, known->second);
        if (spec.is_object()) form_.setSpec(spec);
        return showPhase();
    }
    const auto take = [this, job, spec](const EngineReply& reply) {
        if (!reply.ok()) return;
        defaults_[job] = reply.result;
        if (job == chosen_) showJob(job, spec);
    };
    workbench_.engine().client().request("spec/defaults", {{"job", job.toStdString()}}, this, take);
}

void JobLink::validate(const QString& job, const Json& spec) {
    const auto take = [this, job](const EngineReply& reply) {
        if (!reply.ok() || job != form_.job()) return;
        std::vector<Problem> problems;
        for (const Json& p : reply.result.value("problems", Json::array())) {
            problems.push_back({p.value("field", ""), p.value("value", ""), p.value("allowed", "")});
        }
        form_.setProblems(problems, reply.result.value("spec", Json::object()));
    };
    workbench_.engine().client().request("spec/validate", {{"job", job.toStdString()}, {"spec", spec}}, this, take);
}

// Budget, pins and layers of the form are those of the strip; everything else stays as typed.
void JobLink::followPlan() {
    if (form_.job().isEmpty() || workbench_.plan().dragging()) return;
    const Json from_plan = workbench_.specFor(form_.job());
    if (from_plan.empty()) return;
    Json spec = form_.spec();
    if (form_.job() == "gates") spec["pins"] = Json::array();
    spec.update(from_plan);
    if (spec != form_.spec()) form_.setSpec(spec);
}

void JobLink::startChosen() {
    const bool filled = form_.job() == chosen_;
    workbench_.engine().startJob(chosen_, filled ? form_.changedSpec() : suggested(chosen_));
}

void JobLink::showPhase() {
    const EngineLink& engine = workbench_.engine();
    const bool idle = engine.phase() == JobPhase::Idle;
    form_.setCanStart(idle && workbench_.study().isOpen(), engine.phase() == JobPhase::NoEngine
                                                               ? tr("The engine is not running yet.")
                                                           : !idle ? tr("A job is running.")
                                                                   : tr("Open a study first."));
    const bool live = engine.phase() == JobPhase::Running || engine.phase() == JobPhase::Paused;
    form_.setLiveRun(live && workbench_.run().job() == form_.job() ? engine.jobRun() : QString());
}

}  // namespace fm
