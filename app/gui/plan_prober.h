// Measures plans in the engine, part by part, when the cost state asks for it; and, one after another, what a probe has
// not measured yet.
#pragma once

#include <QObject>
#include <QTimer>
#include <deque>
#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/plan/plan.h"
#include "widgets/state/measured_plans.h"

namespace fm {

class CostState;
class EngineLink;
struct EngineReply;
class PlanState;

// While a job runs, the engine measures between two of its micro-batches. Then only plans that the user has edited are
// worth the job's time: those that merely follow the moving gates would take a probe each.
// A plan that has been left is stopped at once; the engine keeps what it has, and so does the window, as a part.
// Thread: the window's.
class PlanProber : public QObject {
    Q_OBJECT
public:
    PlanProber(EngineLink& engine, CostState& cost, PlanState& plan, QObject* parent = nullptr);

    // On the probe that is shown; an empty list takes back what was asked before.
    void measureRest(const std::vector<ProbeSubject>& subjects);
    void forget();  // another study: what still comes was measured for the one before

Q_SIGNALS:
    void restChanged(int left);

private:
    struct Asked {
        ProbeSubject subject;
        bool is_rest = false;
        bool stopped = false;
        int number = 0;
    };
    void probe(const Plan& plan);
    void ask(const ProbeSubject& subject, bool is_rest);
    void take(const nlohmann::json& scores);
    void answered(const Asked& asked, const EngineReply& reply);
    void measureNext();
    void stop();
    void stopIfLeft();
    void noteEdit();
    void rested();
    void showWhetherAllowed();

    EngineLink& engine_;
    CostState& cost_;
    std::optional<Asked> asked_;     // what the engine works on
    std::deque<ProbeSubject> rest_;  // what else it is to measure
    int asked_number_ = 0, forgotten_number_ = 0;
    QTimer edit_rest_;  // since the user's last edit during a job; the gates may go on changing the plan meanwhile
};

}  // namespace fm
