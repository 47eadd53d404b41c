// The engine as the workbench uses it: it opens studies, runs one job after the other, probes plans. What the engine
// says about the shown run goes into the run's data; when it dies, one sentence says what is safe and what to do.
#pragma once

#include <QObject>
#include <QString>
#include <memory>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/plan/plan.h"
#include "core/rpc/run_notice.h"
#include "widgets/client/study_mirror.h"
#include "widgets/panels/run_controls.h"

namespace fm {

class EngineClient;
struct EngineReply;
class RunSource;
class StudyState;

// Thread: the window's.
class EngineLink : public QObject {
    Q_OBJECT
public:
    EngineLink(EngineClient& client, StudyState& study, RunSource& source, QObject* parent = nullptr);

    void start(const QString& command);  // empty: the flashmorph beside this program
    bool ready() const;
    bool isProgramBeside() const { return command_.isEmpty(); }
    const QString& command() const { return command_; }  // as given to start()

    // The study that the engine is to work on: its folder as the engine sees it; empty: none. When that is not a folder
    // that this side sees as well, the window works on a copy: studyMirrored() tells.
    void openStudy(const QString& folder_there);
    const QString& studyThere() const { return there_; }
    const StudyMirror* mirror() const { return mirror_.get(); }  // null: the engine works in the folder shown here
    EngineClient& client() { return client_; }
    JobPhase phase() const { return phase_; }  // NoEngine also until it has opened the study
    JobAsked asked() const { return asked_; }
    const QString& jobRun() const { return run_; }    // of the job that runs or waits; empty: none
    const QString& lostRun() const { return lost_; }  // of the job that the engine took with it
    QString where() const;                            // "local", "ssh gpu-server"
    QString what() const;                             // device and kernels, once known

    // The shown study is a copy: its labels go to the engine that has it, or are refused while that one is not here.
    void keepLabelsThere();
    void lookForRuns();  // for what the engine may have added to the study
    void startJob(const QString& job, const nlohmann::json& spec, const QString& resume = {});
    void resumeLost();  // starts the engine again and continues the job it took with it
    void pause() { ask(JobAsked::Pause, "job/pause"); }
    void resume() { ask(JobAsked::Resume, "job/resume"); }
    void step() { ask(JobAsked::Step, "job/step"); }
    void stop() { ask(JobAsked::Stop, "job/stop"); }
    void change(const QString& field, double value);  // "lambda", of the running job
    void shutdown();                                  // stops and keeps what runs; ended() follows

Q_SIGNALS:
    void phaseChanged();                    // phase or what was asked for
    void engineChanged();                   // where, what, ready
    void jobOpened(const QString& run_id);  // its first event is here; the run source is live
    void changeAcknowledged(const QString& field, const QString& when);  // "next step"
    void problem(const QString& sentence);
    void lost(const QString& sentence);         // the engine has died
    void ended();                               // as asked by shutdown()
    void studyMirrored(const QString& folder);  // the study is now shown out of this copy

private:
    void askForStudy();
    bool mirrorStudy(const nlohmann::json& study);
    void keepLabel(const QString& id, const Label& label, std::function<void(const QString&)> done);
    void studyOpened(const EngineReply& reply);
    void takeEvents(const QString& run, const std::vector<rpc::RunNotice>& notices);
    void takeJob(const nlohmann::json& job);
    void openRun(const RunOpened& header, const std::vector<std::int64_t>& rows);
    void takeState(RunState state);
    void ask(JobAsked asked, const char* method);
    void setPhase(JobPhase phase);
    void onDied(const QString& sentence);

    EngineClient& client_;
    StudyState& study_;
    RunSource& source_;
    JobPhase phase_ = JobPhase::NoEngine;
    JobAsked asked_ = JobAsked::Nothing;
    QString command_, there_;
    std::unique_ptr<StudyMirror> mirror_;
    QString run_, job_, lost_, lost_job_;
    bool resume_when_open_ = false;
};

}  // namespace fm
