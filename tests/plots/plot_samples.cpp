#include "tests/plots/plot_samples.h"

#include <cmath>

#include "widgets/plots/curvature_map.h"
#include "widgets/plots/gate_history.h"
#include "widgets/plots/gates_curves.h"
#include "widgets/plots/gates_heatmap.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/plots/pair_map.h"
#include "widgets/plots/parallel_plot.h"
#include "widgets/plots/pareto_plot.h"
#include "widgets/plots/plan_budget_map.h"
#include "widgets/plots/retrieval_live_plot.h"
#include "widgets/plots/retrieval_map.h"

namespace fm::samples {

namespace {

constexpr int kNumLayers = 30;
constexpr int kNumSteps = 1500;

// A fixed sequence in [-1, 1) that looks like noise, the same on every machine.
double noise(int i) {
    auto x = static_cast<std::uint32_t>(i) * 2654435761u + 12345u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return static_cast<double>(x) / 2147483648.0 - 1.0;
}

double finalGate(int layer) {
    constexpr double kKept[] = {0.71, 0.22, 0.58, 0.14, 0.11, 0.19, 0.33, 0.27, 0.81, 0.18,
                                0.12, 0.64, 0.88, 0.31, 0.23, 0.77, 0.16, 0.21, 0.69, 0.52,
                                0.26, 0.43, 0.17, 0.14, 0.61, 0.09, 0.12, 0.08, 0.07, 0.05};
    return kKept[layer];
}

LayerMarks marks() {
    LayerMarks marks;
    for (int layer = 0; layer < kNumLayers; ++layer) {
        marks.full.push_back(finalGate(layer) > 0.55);
        marks.selected.push_back(layer == 12);
        marks.pinned.push_back(layer == 0);
    }
    return marks;
}

std::unique_ptr<PlotFrame> heatmap(const ThemeSource& theme) {
    auto plot = std::make_unique<GatesHeatmap>(theme);
    plot->setHistory(gates());
    plot->setMarks(marks());
    plot->setStepCursor(1320);
    return plot;
}

std::unique_ptr<PlotFrame> emptyHeatmap(const ThemeSource& theme) { return std::make_unique<GatesHeatmap>(theme); }

std::unique_ptr<PlotFrame> objective(const ThemeSource& theme) {
    auto plot = std::make_unique<ObjectivePlot>(theme);
    plot->setCurves(ObjectivePlot::gateRunCurves());
    std::vector<double> step, align, regulariser, lambda, lr;
    for (int i = 0; i < kNumSteps; ++i) {
        const double t = i / 300.0;
        step.push_back(i);
        align.push_back(1.1 - 0.4 * std::exp(-t) + 0.12 * noise(i));
        regulariser.push_back(1.05 + 1.95 * std::exp(-t) + 0.02 * noise(i + 5000));
        lambda.push_back(0.1 * (1 + 0.4 * (1 - std::exp(-t))));
        lr.push_back(0.002 + 0.009 * (1 + std::cos(3.14159265 * i / kNumSteps)));
    }
    plot->append(0, step, align);
    plot->append(1, step, regulariser);
    plot->append(2, step, lambda);
    plot->append(3, step, lr);
    plot->setBandShown(true);
    plot->setStepCursor(1320);
    return plot;
}

std::unique_ptr<PlotFrame> curves(const ThemeSource& theme) {
    auto plot = std::make_unique<GatesCurves>(theme);
    plot->setHistory(gates());
    plot->setMarks(marks());
    plot->setCut(0.55);
    plot->setStepCursor(1320);
    return plot;
}

std::unique_ptr<PlotFrame> retrievalLive(const ThemeSource& theme) {
    auto plot = std::make_unique<RetrievalLivePlot>(theme);
    plot->setTasks(
        {{"probes/niah_single_1", "S-NIAH-1"}, {"probes/niah_multikey_1", "MK-NIAH-1"}, {"probes/vt", "VT"}});
    plot->setReferences({{"teacher", 0.99}, {"chance", 0.1}});
    for (int task = 0; task < 3; ++task) {
        std::vector<double> step, accuracy;
        for (int i = 0; i < 150; ++i) {
            step.push_back(i * 10);
            accuracy.push_back(0.95 - 0.15 * task - 0.5 * std::exp(-i / 30.0) + 0.04 * noise(i + 1000 * task));
        }
        plot->append(static_cast<std::size_t>(task), step, accuracy);
    }
    plot->setStepCursor(1320);
    return plot;
}

std::unique_ptr<PlotFrame> retrievalMap(const ThemeSource& theme) {
    auto plot = std::make_unique<RetrievalMap>(theme);
    RetrievalGrid grid;
    grid.lengths = {512, 1024, 2048, 4096, 8192};
    for (int d = 0; d < 10; ++d) {
        grid.depths.push_back(d / 9.0);
        for (int l = 0; l < 5; ++l) {
            const double recall = std::min(1.0, 1.02 - 0.028 * l * l * (1.15 - std::pow(2 * d / 9.0 - 1, 2)));
            RetrievalCell cell{recall, 50, recall - 0.04, std::min(1.0, recall + 0.03)};
            grid.cells.push_back(l == 4 && d > 7 ? RetrievalCell{} : cell);
        }
    }
    plot->setGrid(grid);
    plot->setSelectedCell(std::pair(4, 3));
    plot->setSubtitle("S-NIAH-2, 500 samples");
    return plot;
}

// Two groups of layers that cover for each other, and a few single effects.
std::vector<double> matrix(bool all_measured) {
    std::vector<double> values(kNumLayers * kNumLayers, std::nan(""));
    for (int i = 0; i < kNumLayers; ++i) {
        for (int j = 0; j < i; ++j) {
            if (!all_measured && i + j > 44) continue;
            const bool same = i % 7 == j % 7;
            const double v =
                (same ? 0.06 : 0) + 0.02 * std::exp(-(i - j) / 3.0) * (i % 4 == 0 ? -2 : 1) + 0.006 * noise(i * 31 + j);
            values[i * kNumLayers + j] = values[j * kNumLayers + i] = v;
        }
    }
    return values;
}

std::unique_ptr<PlotFrame> pairs(const ThemeSource& theme, bool clustered) {
    auto plot = std::make_unique<PairMap>(theme);
    plot->setMatrix(kNumLayers, matrix(clustered));
    plot->setClustered(clustered);
    plot->setMarks(marks());
    return plot;
}

std::unique_ptr<PlotFrame> curvature(const ThemeSource& theme) {
    auto plot = std::make_unique<CurvatureMap>(theme);
    std::vector<double> values = matrix(true);
    for (int i = 0; i < kNumLayers; ++i) values[i * kNumLayers + i] = 0.09 * finalGate(i);
    plot->setMatrix(kNumLayers, values);
    plot->setPlanText("at K = 8");
    return plot;
}

std::unique_ptr<PlotFrame> planBudget(const ThemeSource& theme) {
    auto plot = std::make_unique<PlanBudgetMap>(theme);
    BudgetPlans plans;
    plans.num_layers = kNumLayers;
    for (int budget = 1; budget <= 14; ++budget) {
        plans.budgets.push_back(budget);
        std::vector<bool> full(kNumLayers);
        for (int layer = 0; layer < kNumLayers; ++layer) {
            int better = 0;
            for (int other = 0; other < kNumLayers; ++other) better += finalGate(other) > finalGate(layer);
            full[layer] = better < budget;
        }
        if (budget == 5) full[12] = !(full[14] = true);  // plans need not be nested
        plans.full.push_back(full);
    }
    plot->setPlans(plans);
    plot->setBudget(8);
    plot->setMeasuredBudgets({4, 6, 8, 12});
    plot->setMarks(marks());
    return plot;
}

std::unique_ptr<PlotFrame> pareto(const ThemeSource& theme) {
    auto plot = std::make_unique<ParetoPlot>(theme);
    plot->setCostAxis("KV cache, % of the teacher's");
    plot->setAccuracyAxis("recall");
    plot->setPoints({{"t", "teacher", 100, 1, 0.992, 1, ParetoKind::Teacher},
                     {"k4", "K=4", 13, 0.85, 0.818, 0.868, ParetoKind::Hybrid},
                     {"k8", "flashmorph K=8", 27, 0.97, 0.946, 0.9835, ParetoKind::Hybrid, false, true},
                     {"k15", "K=15", 50, 0.985, 0.969, 0.994, ParetoKind::Hybrid},
                     {"k10", "K=10", 33, 0.978, 0.946, 0.996, ParetoKind::Hybrid, true},
                     {"u8", "uniform K=8", 27, 0.84, 0.808, 0.858, ParetoKind::Baseline, false, false, true},
                     {"r8", "restore-one K=8", 27, 0.91, 0.878, 0.928, ParetoKind::Baseline, false, false, true},
                     {"g8", "greedy K=8", 27, 0.925, 0.893, 0.943, ParetoKind::Baseline, false, false, true},
                     {"l8", "local-error K=8", 27, 0.9, 0.868, 0.918, ParetoKind::Baseline, false, false, true},
                     {"l", "all linear", 0, 0.63, 0.598, 0.648, ParetoKind::AllLinear}});
    return plot;
}

std::unique_ptr<PlotFrame> parallel(const ThemeSource& theme) {
    auto plot = std::make_unique<ParallelPlot>(theme);
    plot->setAxes({{"budget K", "layers"},
                   {"λ", "", true},
                   {"learning rate", "", true},
                   {"KL to teacher", "nat", true},
                   {"KV cache", "KiB/token"},
                   {"recall", ""}});
    std::vector<ParallelLine> lines;
    for (int i = 0; i < 60; ++i) {
        const double k = 2 + i % 12;
        const double recall = std::min(1.0, 0.6 + 0.03 * k + 0.05 * noise(i));
        lines.push_back(
            {QString::number(i),
             QString("run %1").arg(i),
             {k, std::pow(10.0, -1.5 + 0.7 * noise(i + 100)), std::pow(10.0, -2 + 0.4 * noise(i + 200)),
              i % 15 == 3 ? std::nan("") : 0.5 * std::exp(-k / 4) * (1.2 + noise(i + 300)), 0.75 * k, recall},
             false,
             i == 17});
    }
    lines.push_back({"teacher", "teacher", {30, std::nan(""), std::nan(""), std::nan(""), 22.5, 1.0}, true, false});
    plot->setLines(lines);
    plot->setBrush(5, std::pair(0.85, 1.0));
    return plot;
}

}  // namespace

std::shared_ptr<const GateHistory> gates() {
    auto history = std::make_shared<GateHistory>(kNumLayers);
    std::vector<double> steps;
    std::vector<float> alpha;
    for (int step = 0; step < kNumSteps; ++step) {
        steps.push_back(step);
        for (int layer = 0; layer < kNumLayers; ++layer) {
            const double pull = std::exp(-step / (120.0 + 15.0 * (layer % 5)));
            const double wobble = 0.03 * (1 - pull) * noise(step / 8 * kNumLayers + layer);
            alpha.push_back(static_cast<float>(finalGate(layer) + (1 - finalGate(layer)) * pull + wobble));
        }
    }
    history->append(steps, alpha);
    return history;
}

std::vector<Sample> all() {
    return {{"gates_heatmap", heatmap},
            {"gates_heatmap_empty", emptyHeatmap},
            {"gates_curves", curves},
            {"objective", objective},
            {"retrieval_live", retrievalLive},
            {"retrieval_map", retrievalMap},
            {"pair_map", [](const ThemeSource& theme) { return pairs(theme, false); }},
            {"pair_map_clustered", [](const ThemeSource& theme) { return pairs(theme, true); }},
            {"curvature_map", curvature},
            {"plan_budget_map", planBudget},
            {"pareto", pareto},
            {"parallel", parallel}};
}

}  // namespace fm::samples
