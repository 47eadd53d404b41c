// flashmorph bench: speed of the recurrences on this machine, and with --check their errors. `kernels` are the CPU's
// kernels by themselves, `operators` what the engine calls.
#include <map>
#include <memory>
#include <utility>

#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>

#include "app/cli/bench_operators.h"
#include "app/cli/bench_report.h"
#include "app/cli/output.h"
#include "app/cli/spec_options.h"
#include "app/cli/verbs.h"
#include "core/ops/operator_timing.h"
#include "kernels/cpu/kernel_bench.h"
#include "kernels/cpu/kernel_path.h"

namespace fm::cli {

namespace {

using kernels::KernelPath;

struct KernelBenchSpec {
    bool check = false;
    bool all_paths = false;

    template <class Self, class Visitor>
    static void forEachField(Self& self, Visitor&& visit) {
        visit(self.check, FieldInfo{"check", "", "also compare with the float64 references, and fail if they differ"});
        visit(self.all_paths, FieldInfo{"all_paths", "", "every instruction set of this processor, not only the best"});
    }
};

struct OperatorBenchSpec {
    bool check = false;

    template <class Self, class Visitor>
    static void forEachField(Self& self, Visitor&& visit) {
        visit(self.check, FieldInfo{"check", "", "also compare with the float64 recurrences, and fail if they differ"});
    }
};

// Restores the path: it belongs to the process.
class PathGuard {
public:
    PathGuard() : before_(kernels::kernelPath()) {}
    ~PathGuard() { kernels::setKernelPath(before_); }
    PathGuard(const PathGuard&) = delete;
    PathGuard& operator=(const PathGuard&) = delete;

private:
    KernelPath before_;
};

std::vector<KernelPath> pathsToMeasure(const KernelBenchSpec& spec) {
    if (!spec.all_paths) return {kernels::kernelPath()};
    const PathGuard guard;
    std::vector<KernelPath> paths;
    for (const KernelPath path : {KernelPath::Scalar, KernelPath::Avx2, KernelPath::Avx512}) {
        if (kernels::setKernelPath(path)) paths.push_back(path);
    }
    return paths;
}

class OneThread {
public:
    OneThread() : threads_(at::get_num_threads()) { at::set_num_threads(1); }
    ~OneThread() { at::set_num_threads(threads_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int threads_;
};

// The yardstick: the chunked form through LibTorch's operators. Measured once per kernel and width, whatever the number
// of paths.
class ChunkedYardstick {
public:
    double us(const kernels::KernelTiming& timing) {
        const auto key = std::make_pair(timing.kernel, timing.dim);
        auto known = timings_.find(key);
        if (known == timings_.end()) {
            const OneThread one_thread;
            known =
                timings_.emplace(key, timeOperator(timing.kernel, "chunked", at::kCPU, {1, 512, 2, timing.dim})).first;
        }
        for (const OperatorTiming& chunked : known->second)
            if (chunked.pass == timing.pass) return chunked.us_per_token_head;
        return 0;
    }

private:
    std::map<std::pair<std::string, std::int64_t>, std::vector<OperatorTiming>> timings_;
};

void addTimings(const std::string& path, ChunkedYardstick& yardstick, BenchReport& report) {
    for (const kernels::KernelTiming& timing : kernels::benchKernels()) {
        const double chunked_us = yardstick.us(timing);
        nlohmann::json entry = {{"kernel", timing.kernel},
                                {"pass", timing.pass},
                                {"path", path},
                                {"dim", timing.dim},
                                {"us_per_token_head", timing.us_per_token_head},
                                {"best_us_per_token_head", timing.best_us_per_token_head}};
        report.line("%-10s %-9s %-7s %5lld %14.3f %9.3f", timing.kernel.c_str(), timing.pass.c_str(), path.c_str(),
                    static_cast<long long>(timing.dim), timing.us_per_token_head, timing.best_us_per_token_head);
        if (chunked_us > 0) {
            entry["chunked_us_per_token_head"] = chunked_us;
            entry["speedup_over_chunked"] = chunked_us / timing.us_per_token_head;
            report.line(" %11.3f %9.1fx", chunked_us, chunked_us / timing.us_per_token_head);
        }
        report.text += "\n";
        report.json["timings"].push_back(entry);
    }
}

void addChecks(const std::string& path, BenchReport& report) {
    double worst = 0;  // of the error over its bound
    int wrong = 0;
    for (const kernels::KernelCheck& check : kernels::checkKernels()) {
        worst = check.relative_l2 / check.bound > worst ? check.relative_l2 / check.bound : worst;
        report.json["checks"].push_back({{"kernel", check.kernel},
                                         {"path", path},
                                         {"shape", check.shape},
                                         {"output", check.output},
                                         {"relative_l2", check.relative_l2},
                                         {"relative_max", check.relative_max},
                                         {"bound", check.bound},
                                         {"ok", check.ok()}});
        if (check.ok()) continue;
        ++wrong;
        report.line("WRONG %s %s %s %s: relative error %.2e, allowed %.0e\n", path.c_str(), check.kernel.c_str(),
                    check.shape.c_str(), check.output.c_str(), check.relative_l2, check.bound);
    }
    report.right = report.right && wrong == 0;
    report.line("%s against float64: %d wrong, largest error %.2f of what is allowed\n", path.c_str(), wrong, worst);
}

int benchKernels(const GlobalOptions& global, const KernelBenchSpec& spec) {
    BenchReport report;
    report.text = "kernel     pass      path     width  us/token/head      best     chunked   speedup\n";
    const PathGuard guard;
    ChunkedYardstick yardstick;
    const std::vector<KernelPath> paths = pathsToMeasure(spec);
    for (const KernelPath path : paths) {
        kernels::setKernelPath(path);
        addTimings(kernels::toString(path), yardstick, report);
    }
    for (const KernelPath path : paths) {
        kernels::setKernelPath(path);
        if (spec.check) addChecks(kernels::toString(path), report);
    }
    printResult(global, report.json, report.text);
    return report.right ? kExitDone : kExitFailed;
}

}  // namespace

void addBenchVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb = app.add_subcommand("bench", "measure this machine");
    verb->require_subcommand(1);
    CLI::App* kernels = verb->add_subcommand("kernels", "the linear-attention kernels on one CPU thread");
    const auto options = std::make_shared<SpecOptions<KernelBenchSpec>>(*kernels);
    kernels->callback(
        [&cli, options] { cli.action = [&cli, options] { return benchKernels(cli.global, options->spec()); }; });
    CLI::App* operators =
        verb->add_subcommand("operators", "the recurrences as the engine calls them, on every device");
    const auto operator_options = std::make_shared<SpecOptions<OperatorBenchSpec>>(*operators);
    operators->callback([&cli, operator_options] {
        cli.action = [&cli, operator_options] { return benchOperators(cli.global, operator_options->spec().check); };
    });
}

}  // namespace fm::cli
