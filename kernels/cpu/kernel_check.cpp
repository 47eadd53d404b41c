#include <initializer_list>
#include <sstream>

#include "kernels/cpu/kernel_bench.h"
#include "kernels/cpu/kernel_problem.h"

namespace fm::kernels {
namespace {

std::string describe(const KernelProblem& problem) {
    const LinearShape& shape = problem.shape;
    std::ostringstream text;
    text << 'B' << shape.batch << " T" << shape.tokens << " H" << shape.heads << " k" << shape.dk << " v" << shape.dv;
    if (!problem.lengths_B.empty()) text << " ragged";
    return text.str();
}

void addChecks(const char* kernel, const char* prefix, const KernelProblem& problem,
               const KernelOutputs<float>& computed, const KernelOutputs<double>& reference,
               std::vector<KernelCheck>& checks) {
    for (const OutputError& error : compareOutputs(computed, reference)) {
        const bool forward = error.output == "o" || error.output == "final_state";
        checks.push_back({kernel, describe(problem), prefix + error.output, error.relative_l2, error.relative_max,
                          forward ? kForwardBound : kGradientBound});
    }
}

void checkProblem(const KernelProblem& problem, std::vector<KernelCheck>& checks) {
    const KernelOutputs<double> gdn = runGdnRef(problem);
    const KernelOutputs<double> lightning = runLightningRef(problem);
    addChecks("gdn", "", problem, runGdn(problem), gdn, checks);
    addChecks("lightning", "", problem, runLightning(problem), lightning, checks);
    if (!problem.lengths_B.empty()) return;
    addChecks("gdn", "decode ", problem, runGdnDecode(problem), gdn, checks);
    addChecks("lightning", "decode ", problem, runLightningDecode(problem), lightning, checks);
}

}  // namespace

std::vector<KernelCheck> checkKernels() {
    struct Row {
        std::int64_t batch, tokens, heads, dk, dv;
    };
    std::vector<KernelCheck> checks;
    for (const Row& row : {Row{1, 1, 1, 16, 16}, Row{2, 65, 3, 32, 32}, Row{1, 100, 2, 64, 64}, Row{1, 63, 1, 128, 128},
                           Row{2, 40, 2, 17, 37}}) {
        KernelProblem problem = makeKernelProblem(row.batch, row.tokens, row.heads, row.dk, row.dv, {});
        checkProblem(problem, checks);
        if (row.batch == 1) continue;
        problem.lengths_B = {static_cast<std::int32_t>(row.tokens), 19};
        checkProblem(problem, checks);
    }
    return checks;
}

}  // namespace fm::kernels
