#include "widgets/panels/pair_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/state/run_data.h"

namespace fm {

namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

std::size_t cell(int num_layers, int row, int column) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(num_layers) + static_cast<std::size_t>(column);
}

// Layer numbers as the file has them; -1 for what is no layer of this model.
std::vector<int> layersOf(const RunData& run, const char* column, int num_layers) {
    std::vector<int> layers;
    for (const double number : run.numbers(column))
        layers.push_back(number >= 0 && number < num_layers ? static_cast<int>(number) : -1);
    return layers;
}

void readSingles(const RunData& run, PairValues& values) {
    const std::vector<int> layers = layersOf(run, "interact/layer", values.num_layers);
    const std::span<const double> losses = run.numbers("interact/single");
    for (std::size_t i = 0; i < std::min(layers.size(), losses.size()); ++i)
        if (layers[i] >= 0) values.single[static_cast<std::size_t>(layers[i])] = losses[i];
}

void readPairs(const RunData& run, PairValues& values) {
    const std::vector<int> first = layersOf(run, "interact/first", values.num_layers);
    const std::vector<int> second = layersOf(run, "interact/second", values.num_layers);
    const std::span<const double> both = run.numbers("interact/both");
    const std::span<const double> extra = run.numbers("interact/extra");
    for (std::size_t i = 0; i < std::min({first.size(), second.size(), both.size(), extra.size()}); ++i) {
        if (first[i] < 0 || second[i] < 0) continue;
        for (const std::size_t at :
             {cell(values.num_layers, first[i], second[i]), cell(values.num_layers, second[i], first[i])}) {
            values.both[at] = both[i];
            values.extra[at] = extra[i];
        }
        ++values.num_pairs;
    }
}

void readCurvature(const RunData& run, PairValues& values) {
    const std::vector<int> rows = layersOf(run, "interact/row", values.num_layers);
    const std::span<const float> matrix = run.vectors("interact/curvature");
    const std::size_t width = static_cast<std::size_t>(values.num_layers);
    for (std::size_t i = 0; i < rows.size() && (i + 1) * width <= matrix.size(); ++i)
        if (rows[i] >= 0)
            std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                        values.curvature.begin() + static_cast<std::ptrdiff_t>(cell(values.num_layers, rows[i], 0)));
    if (const std::span<const std::string> plans = run.texts("interact/plan"); !plans.empty())
        values.curvature_plan = plans.front();
}

}  // namespace

double PairValues::at(const std::vector<double>& matrix, int first, int second) const {
    if (first < 0 || second < 0 || first >= num_layers || second >= num_layers) return not_measured;
    return matrix[cell(num_layers, first, second)];
}

PairValues pairValues(const RunData& run) {
    PairValues values;
    const Column* curvature = run.column("interact/curvature");
    if (curvature == nullptr) return values;
    values.num_layers = curvature->width;
    const std::size_t layers = static_cast<std::size_t>(values.num_layers);
    values.single.assign(layers, not_measured);
    for (std::vector<double>* matrix : {&values.extra, &values.both, &values.curvature})
        matrix->assign(layers * layers, not_measured);
    readSingles(run, values);
    readPairs(run, values);
    readCurvature(run, values);
    return values;
}

// extra = f(ij) - f(i) - f(j) + f(0), so the value of `layer` is f(layer) - f(0) = f(ij) - f(other) - extra with
// `other` full, and f(ij) - f(other) with `other` linear.
ValueChange valueChange(const PairValues& values, int layer, int other) {
    ValueChange change{not_measured, not_measured};
    if (layer < 0 || other < 0 || layer >= values.num_layers || other >= values.num_layers) return change;
    const double single_other = values.single[static_cast<std::size_t>(other)];
    change.with_linear = values.at(values.both, layer, other) - single_other;
    change.with_full = change.with_linear - values.at(values.extra, layer, other);
    return change;
}

}  // namespace fm
