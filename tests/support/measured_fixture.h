// Measured plans as the window holds them.
#pragma once

#include <memory>
#include <string>

#include "tests/support/probe_fixture.h"
#include "widgets/state/measured_plans.h"

namespace fixture {

inline fm::MeasuredPlan measured(const std::string& plan, const Probed& p, const std::string& source = "probe") {
    const auto scores = std::make_shared<const fm::ProbeScores>(scoresOf(p));
    fm::MeasuredPlan m;
    m.plan = plan;
    m.budget = static_cast<int>(std::count(plan.begin(), plan.end(), 'F'));
    m.answer_kl = scores->answer_kl;
    m.exact_match = scores->exact_match;
    m.text_kl = scores->text_kl;
    m.answers = scores->all.answers;
    m.planned_sequences = scores->planned_sequences;
    m.complete = scores->complete();
    m.measured = scores->fewestOfATask() >= fm::kFewestSequences;
    m.identity = p.identity;
    m.run = "run-of-" + source;
    m.source = source;
    m.scores = scores;
    return m;
}

}  // namespace fixture
