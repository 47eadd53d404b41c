#include "core/engine/probe_table.h"

namespace fm {

Row probeRow(std::int64_t step, const Plan& plan, const ProbeScores& scores) {
    return {step,
            plan.key(),
            std::int64_t{plan.budget()},
            scores.all.answer_kl,
            halfWidth95(scores.sample_kl),
            scores.all.answer_nll,
            scores.all.token_accuracy,
            scores.all.exact_match,
            halfWidth95(scores.sample_exact),
            scores.text_kl,
            scores.text_nll,
            scores.top1_agreement,
            scores.all.answers};
}

}  // namespace fm
