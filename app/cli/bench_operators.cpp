#include "app/cli/bench_operators.h"

#include <nlohmann/json.hpp>

#include "app/cli/bench_report.h"
#include "app/cli/output.h"
#include "core/model/device.h"
#include "core/ops/operator_check.h"
#include "core/ops/operator_timing.h"

namespace fm::cli {

namespace {

std::vector<at::Device> devices() {
    std::vector<at::Device> found = {at::kCPU};
    if (gpuAvailable()) found.push_back(at::Device(at::kCUDA, 0));
    return found;
}

std::string shapeText(const OperatorShape& shape) {
    return std::to_string(shape.batch) + "x" + std::to_string(shape.tokens) + " h" + std::to_string(shape.heads) +
           " d" + std::to_string(shape.dim);
}

void addTimings(at::Device device, BenchReport& report) {
    for (const OperatorTiming& timing : timeOperators(device)) {
        const std::string shape = shapeText(timing.shape);
        report.json["timings"].push_back({{"recurrence", timing.recurrence},
                                          {"device", device.str()},
                                          {"implementation", timing.implementation},
                                          {"pass", timing.pass},
                                          {"shape", shape},
                                          {"ms", timing.ms},
                                          {"us_per_token_head", timing.us_per_token_head}});
        report.line("%-10s %-7s %-9s %-14s %-17s %10.3f %13.4f\n", timing.recurrence.c_str(), device.str().c_str(),
                    timing.implementation.c_str(), timing.pass.c_str(), shape.c_str(), timing.ms,
                    timing.us_per_token_head);
    }
}

void addChecks(at::Device device, BenchReport& report) {
    double worst = 0;  // of the error over its bound
    int wrong = 0, all = 0;
    for (const OperatorCheck& check : checkOperators(device)) {
        ++all;
        worst = check.relative_l2 / check.bound > worst ? check.relative_l2 / check.bound : worst;
        report.json["checks"].push_back({{"recurrence", check.recurrence},
                                         {"device", device.str()},
                                         {"implementation", check.implementation},
                                         {"shape", check.shape},
                                         {"output", check.output},
                                         {"relative_l2", check.relative_l2},
                                         {"bound", check.bound},
                                         {"ok", check.ok}});
        if (check.ok) continue;
        ++wrong;
        report.line("WRONG %s %s %s, %s, %s: relative error %.2e, allowed %.1e\n", device.str().c_str(),
                    check.recurrence.c_str(), check.implementation.c_str(), check.shape.c_str(), check.output.c_str(),
                    check.relative_l2, check.bound);
    }
    report.right = report.right && wrong == 0;
    report.line("%s against float64: %d of %d wrong, largest error %.2f of what is allowed\n", device.str().c_str(),
                wrong, all, worst);
}

}  // namespace

int benchOperators(const GlobalOptions& global, bool check) {
    BenchReport report;
    report.line("%-10s %-7s %-9s %-14s %-17s %10s %13s\n", "recurrence", "device", "runs on", "pass", "shape", "ms",
                "us/token/head");
    for (const at::Device device : devices()) addTimings(device, report);
    for (const at::Device device : devices())
        if (check) addChecks(device, report);
    printResult(global, report.json, report.text);
    return report.right ? kExitDone : kExitFailed;
}

}  // namespace fm::cli
