// Everything behind the window, wired together: state, engine, and what happens between them. No widget.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>

#include <nlohmann/json_fwd.hpp>

#include "app/gui/engine_link.h"
#include "app/gui/plan_prober.h"
#include "app/gui/settings.h"
#include "widgets/client/engine_client.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_follow.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_source.h"
#include "widgets/state/selection.h"
#include "widgets/state/step_cursor.h"
#include "widgets/state/study_state.h"

namespace fm {

// Thread: the window's.
class Workbench : public QObject {
    Q_OBJECT
public:
    Workbench(Settings& settings, const QString& resources, QObject* parent = nullptr);

    Settings& settings() { return settings_; }
    const QString& resources() const { return resources_; }  // folder of what ships with the program
    StudyState& study() { return study_; }
    RunSource& source() { return source_; }
    RunData& run() { return source_.data(); }
    StepCursor& cursor() { return cursor_; }
    PlanState& plan() { return plan_; }
    CostState& cost() { return cost_; }
    Selection& selection() { return selection_; }
    EngineLink& engine() { return engine_; }
    PlanProber& prober() { return prober_; }

    // A study's folder, here or, with an engine on another machine, there.
    bool openStudy(const QString& folder);
    QString studyPlace() const;           // its folder, for people: "PATH on ssh HOST"
    void showRun(const QString& run_id);  // from its file
    // What a job needs to know about the present plan, pins and budget; everything else is the job's default.
    nlohmann::json specFor(const QString& job) const;

Q_SIGNALS:
    void studyOpened();
    void problem(const QString& sentence, const QString& origin);  // "engine", "study", "plan" or a run id

private:
    void wireStudy();
    void wireCost();
    void wireEngine();
    void takeStudy(const QString& folder);
    void chooseRun();  // once the list of a study is there: its newest gate run

    Settings& settings_;
    const QString resources_;
    StudyState study_;
    RunSource source_;
    StepCursor cursor_;
    PlanState plan_;
    CostState cost_;
    Selection selection_;
    PlanFollow follow_;
    EngineClient client_;
    EngineLink engine_;
    PlanProber prober_;
    QTimer choose_;   // in a pass of the event loop of its own: a run is read and shown
    QTimer refresh_;  // looks for runs that other programs add to the study
};

}  // namespace fm
