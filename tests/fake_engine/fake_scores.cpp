#include "tests/fake_engine/fake_scores.h"

#include <algorithm>
#include <cmath>

#include "tests/fake_engine/fake_run.h"

namespace fm::fake {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t kEnough = 8;  // sequences of a task that make it measured
constexpr int kKinds = 3;            // two tasks and text

Json taskJson(double kl, double exact, std::int64_t sequences) {
    return {{"answer_kl", kl},       {"answer_nll", kl + 0.1},     {"token_accuracy", exact},
            {"exact_match", exact},  {"teacher_exact_match", 1.0}, {"answers", 4 * sequences},
            {"sequences", sequences}};
}

}  // namespace

Json fakeScores(const Plan& plan, std::int64_t sequences) {
    const double kl = fakeAnswerKl(plan), exact = std::max(0.0, 1 - kl);
    const std::int64_t of_task = sequences / kKinds, answered = 2 * of_task;
    const double reach = 0.5 / std::sqrt(static_cast<double>(sequences));  // the interval shrinks
    Json answer = taskJson(kl, exact, answered), cells = Json::array();
    for (const char* task : {"mk8q4", "hop4q4"}) {
        answer["tasks"][task] = taskJson(kl, exact, of_task);
        Json cell = taskJson(kl, exact, of_task);
        cell.update({{"task", task}, {"tokens", 256}});
        cells.push_back(cell);
    }
    answer.update({{"cells", cells},
                   {"answer_kl_low", std::max(0.0, kl - reach)},
                   {"answer_kl_high", kl + reach},
                   {"exact_match_low", std::max(0.0, exact - reach)},
                   {"exact_match_high", std::min(1.0, exact + reach)},
                   {"text_kl", kl / 4},
                   {"text_kl_low", kl / 8},
                   {"text_kl_high", kl / 2},
                   {"text_perplexity", 20 + kl},
                   {"teacher_text_perplexity", 20},
                   {"top1_agreement", 1 - kl / 4},
                   {"text_sequences", of_task},
                   {"planned_sequences", kPlannedSequences},
                   {"complete", sequences >= kPlannedSequences},
                   {"measured", of_task >= kEnough},
                   {"identity", "fa4e0000000000000000000000000001"},
                   {"hybrid", ""},
                   {"plan", {{"full_layers", plan.fullLayers()}, {"budget", plan.budget()}, {"plan", plan.key()}}}});
    return answer;
}

}  // namespace fm::fake
