#include "app/cli/job_text.h"

#include <cmath>

#include "app/cli/plan_text.h"

namespace fm::cli {

std::string alignText(const AlignOutcome& outcome) { return "branches  " + outcome.branches + "\n"; }

std::string gatesText(const GatesOutcome& outcome) {
    const GatesResult& result = outcome.gates;
    std::string text = "layer   gate  average\n";
    for (std::size_t l = 0; l < result.alpha_L.size(); ++l) {
        text += format("%5zu  %.3f    %.3f  %s\n", l, result.alpha_L[l], result.averaged_L[l],
                       result.plan.kinds[l] == LayerKind::Full ? "full" : "");
    }
    text += "full layers  " + layersText(result.plan) + (result.swapped ? "  (after swaps)" : "") + "\n" +
            costText(outcome.cost) + "\n";
    if (result.dead) {
        text += "DEAD GATES: which layers stand above the cut is noise; see the log\n";
    } else if (result.undecided) {
        text += "close call at the cut: another seed may choose otherwise; see the log\n";
    }
    return text;
}

std::string probeText(const ProbeOutcome& outcome) {
    return "full layers  " + layersText(outcome.plan) + "\n" + scoresText(outcome.scores);
}

std::string interactText(const InteractOutcome& outcome) {
    const InteractResult& result = outcome.result;
    const std::size_t n = result.layers.size();
    std::string text = "layer  KL when linearised\n";
    for (std::size_t i = 0; i < n; ++i) text += format("%5d  %.4f\n", result.layers[i], result.single[i]);
    std::size_t best_i = 0, best_j = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            if (std::abs(result.pair[i * n + j]) > std::abs(result.pair[best_i * n + best_j])) best_i = i, best_j = j;
        }
    }
    if (best_i != best_j) {
        text += format("strongest pair  %d and %d: %+.4f nat beyond the sum of each alone\n", result.layers[best_i],
                       result.layers[best_j], result.pair[best_i * n + best_j]);
    }
    return text;
}

std::string distillText(const DistillOutcome& outcome) {
    return "hybrid  " + outcome.hybrid + "\nfull layers  " + layersText(outcome.plan) + "\n";
}

std::string exportText(const ExportOutcome& outcome) {
    const ExportResult& result = outcome.result;
    std::string text = std::string("verdict  ") + toString(result.verdict.exactness) + "\n";
    if (result.written()) text = "folder   " + result.folder + "\n" + text;
    if (result.verdict.as_stored) text += format("largest logit difference  %.3g\n", result.verdict.as_stored->max_abs);
    for (const std::string& reason : result.verdict.reasons) text += "  " + reason + "\n";
    for (const std::string& loader : result.verdict.loaders) text += "  loads in " + loader + "\n";
    return text;
}

std::string pretrainText(const PretrainOutcome& outcome) {
    std::string text = "model  " + outcome.model + "\n";
    for (const TaskRecall& recall : outcome.recall) {
        text += format("%-12s %6d tokens  exact %.3f  tokens %.3f\n", recall.task.c_str(), recall.tokens,
                       recall.exact_match, recall.token_accuracy);
    }
    return text;
}

}  // namespace fm::cli
