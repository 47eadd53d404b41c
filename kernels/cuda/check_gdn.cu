// Compares the GDN kernels with the float64 recurrence over a table of shapes, or times them.
//   check_gdn              all cases; exit status 1 if a bound is broken
//   check_gdn --segments   only those that are cut into segments
//   check_gdn --small      a few short ones, for memory checkers
//   check_gdn --time       medians of the shapes that are quoted
//   check_gdn --once       each of them once, for profilers
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include "kernels/cuda/check_gdn_times.h"
#include "kernels/cuda/gdn_device_run.h"

namespace {

using namespace fm::kernels;

// Relative l2 errors of bf16 operands with fp32 sums against float64, simulated in advance: forward 3.7e-3 (random
// keys), 7.4e-3 (keys with cosines near 0.9). A gradient passes through the same products twice. Decay and beta
// gradients are differences of such sums.
struct Bounds {
    double output = 5e-3;
    double gradient = 8e-3;
    double gate_gradient = 1.2e-2;
};

double boundOf(const std::string& output, const GdnCase& c) {
    const Bounds bounds;
    // One token leaves single dot products, whose terms may all but cancel.
    const double factor = c.tokens == 1 ? 4 : c.correlated_keys ? 1.8 : 1;
    if (output == "o" || output == "final_state") return factor * bounds.output;
    if (output == "dg" || output == "dbeta") return factor * bounds.gate_gradient;
    return factor * bounds.gradient;
}

// Long enough and of few enough heads to be cut into segments. With a mean gate of 9 a sequence remembers about 5000
// tokens, with 6 about 250; with 3 no state gets through a segment, and with -3 a chunk is enough.
std::vector<GdnCase> segmentedCases() {
    std::vector<GdnCase> cases;
    for (const std::int32_t dim : {64, 128}) {
        for (const float mean_gate : {3.0F, 6.0F, 9.0F}) {
            cases.push_back({1, 4097, 2, 2, dim, true, {}, false, mean_gate});
            cases.push_back({1, 2500, 1, 3, dim, true, {}, false, mean_gate});
            cases.push_back({4, 2111, 1, 2, dim, true, {2111, 700, 1, 0}, false, mean_gate});
            cases.push_back({1, 2050, 2, 4, dim, false, {}, true, mean_gate});
        }
        cases.push_back({1, 3000, 2, 2, dim, true, {}, false, -3});
        cases.push_back({1, 2500, 2, 2, dim, true, {}, false, 6, true});
        cases.push_back({1, 32768, 1, 1, dim, true, {}, false, 9});
        cases.push_back({1, 32768, 1, 2, dim, true, {}});
    }
    return cases;
}

std::vector<GdnCase> fullCases() {
    std::vector<GdnCase> cases = segmentedCases();
    for (const std::int32_t dim : {64, 128}) {
        for (const std::int32_t heads : {2, 1}) {
            for (const std::int32_t tokens : {1, 63, 64, 65, 1000}) {
                cases.push_back({2, tokens, heads, 2, dim, true, {}});
                cases.push_back({2, tokens, heads, 2, dim, false, {tokens, tokens * 2 / 3}});
            }
        }
        cases.push_back({3, 200, 1, 3, dim, true, {0, 64, 129}});
        cases.push_back({1, 300, 2, 2, dim, true, {}, false, -3});
        cases.push_back({1, 300, 2, 2, dim, true, {}, true, 6});
        cases.push_back({1, 300, 2, 2, dim, true, {}, false, 3, true});
        cases.push_back({40, 130, 2, 4, dim, true, {}});
    }
    return cases;
}

std::vector<GdnCase> smallCases() {
    std::vector<GdnCase> cases;
    for (const std::int32_t dim : {64, 128}) {
        cases.push_back({2, 130, 1, 2, dim, true, {130, 70}});
        cases.push_back({dim == 64 ? 64 : 32, 65, 2, 2, dim, false, {}});
        cases.push_back({2, 1700, 1, 2, dim, true, {1700, 900}, false, 9});
    }
    return cases;
}

std::string nameOf(const GdnCase& c) {
    std::string name = std::to_string(c.batch) + "x" + std::to_string(c.tokens) + " h" + std::to_string(c.heads) + "/" +
                       std::to_string(c.value_heads) + " d" + std::to_string(c.head_dim);
    if (c.with_states) name += " states";
    if (!c.lengths_B.empty()) name += " padded";
    if (c.correlated_keys) name += " correlated";
    if (c.mean_gate < 0) name += " short memory";
    if (c.mean_gate > 3) name += c.mean_gate > 6 ? " all remembered" : " long memory";
    if (c.extreme_gates) name += " extreme gates";
    return name;
}

// An output whose true values are all but zero (one token, no state) has no relative error worth a bound.
bool withinBound(const OutputError& error, const GdnCase& c) {
    return error.relative_l2 <= boundOf(error.output, c) || error.absolute_max <= 1e-6;
}

struct Worst {
    std::string output;
    double relative_l2;
    std::string name;
};

void keepWorst(std::vector<Worst>& worst, const OutputError& error, const std::string& name) {
    const auto found =
        std::find_if(worst.begin(), worst.end(), [&](const Worst& w) { return w.output == error.output; });
    if (found == worst.end()) {
        worst.push_back({error.output, error.relative_l2, name});
    } else if (!(error.relative_l2 <= found->relative_l2)) {
        *found = {error.output, error.relative_l2, name};
    }
}

void printWorst(const char* title, const std::vector<Worst>& worst) {
    std::printf("worst, %s:\n", title);
    for (const Worst& w : worst) std::printf("  %-15s %.2e  %s\n", w.output.c_str(), w.relative_l2, w.name.c_str());
}

int check(const std::vector<GdnCase>& cases) {
    std::vector<KernelProblem> problems;
    std::vector<std::future<KernelOutputs<double>>> references;  // the slow part, on all cores meanwhile
    for (const GdnCase& c : cases) problems.push_back(makeGdnProblem(c));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        references.push_back(std::async(std::launch::async, [&, i] { return runGdnReference(cases[i], problems[i]); }));
    }
    bool passed = true;
    std::vector<Worst> random, correlated;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const KernelOutputs<float> computed = runGdnOnDevice(cases[i], problems[i]);
        std::string line;
        for (const OutputError& error : compareOutputs(computed, references[i].get())) {
            const bool ok = withinBound(error, cases[i]);
            passed = passed && ok;
            char text[64];
            std::snprintf(text, sizeof text, " %s %.1e%s", error.output.c_str(), error.relative_l2, ok ? "" : " FAILS");
            line += text;
            if (cases[i].tokens > 1 || !ok) {
                keepWorst(cases[i].correlated_keys ? correlated : random, error, nameOf(cases[i]));
            }
        }
        std::printf("%-48s%s\n", nameOf(cases[i]).c_str(), line.c_str());
    }
    printWorst("more than one token, random keys", random);
    if (!correlated.empty()) printWorst("correlated keys", correlated);
    std::printf("%s\n", passed ? "all within bounds" : "BOUNDS BROKEN");
    return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "--time") return timeGdn();
    if (mode == "--once") return runGdnOnce();
    if (mode == "--segments") return check(segmentedCases());
    return check(mode == "--small" ? smallCases() : fullCases());
}
