#include "core/ops/operator_problem.h"

#include <ATen/ATen.h>

#include <cmath>

namespace fm {

namespace {

struct Row {
    std::int64_t batch, tokens, heads, dk, dv;
    std::vector<std::int32_t> lengths_B = {};
    bool with_state = true;
    std::int64_t group = 1;  // heads that share a key and a value, as expanded K/V heads do
    double mean_gate = 3;    // 3 keeps about 20 tokens alive, -3 about one
    bool correlated_keys = false;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> table = {
        {2, 1, 2, 64, 64},
        {2, 63, 2, 64, 64},
        {1, 64, 2, 64, 64, {}, false},
        {1, 65, 2, 128, 128},
        {2, 127, 2, 64, 64, {127, 19}},
        {3, 100, 1, 128, 128, {0, 64, 100}, false},
        {1, 65, 4, 64, 64, {}, true, 2},
        {2, 40, 2, 17, 37, {40, 9}},
        {1, 300, 2, 64, 64, {}, true, 1, -3},
        {1, 300, 2, 64, 64, {}, false, 1, 3, true},
        {1, 1000, 1, 128, 128},
        {1, 4097, 1, 64, 64, {}, false},
    };
    return table;
}

at::Tensor exactIn(at::ScalarType dtype, const at::Tensor& x) { return x.to(dtype).to(at::kDouble); }

std::string describe(const Row& row) {
    std::string text = "B" + std::to_string(row.batch) + " T" + std::to_string(row.tokens) + " H" +
                       std::to_string(row.heads) + " k" + std::to_string(row.dk) + " v" + std::to_string(row.dv);
    if (!row.lengths_B.empty()) text += " ragged";
    if (row.with_state) text += " state";
    if (row.group > 1) text += " grouped";
    if (row.mean_gate < 0) text += " short memory";
    if (row.correlated_keys) text += " correlated";
    return text;
}

OperatorProblem makeProblem(const RecurrenceKind& kind, const Row& row) {
    at::Generator generator = at::detail::createCPUGenerator(1);
    const auto normal = [&](std::int64_t heads, std::int64_t dim) {
        return at::randn({row.batch, row.tokens, heads, dim}, generator, at::kDouble);
    };
    const auto unit = [](const at::Tensor& x) { return x / x.norm(2, -1, /*keepdim=*/true); };
    const auto shared = [&](const at::Tensor& x) {
        return exactIn(at::kBFloat16, row.group == 1 ? x : x.repeat_interleave(row.group, 2));
    };
    OperatorProblem problem;
    problem.shape = describe(row);
    problem.correlated_keys = row.correlated_keys;
    RecurrenceInputs& in = problem.inputs;
    in.q_BTHk = exactIn(at::kBFloat16, unit(normal(row.heads, row.dk)));
    at::Tensor k_BTHk = normal(row.heads / row.group, row.dk);
    if (row.correlated_keys) k_BTHk = k_BTHk + 3 * at::randn({row.dk}, generator, at::kDouble);
    in.k_BTHk = shared(unit(k_BTHk));
    in.v_BTHv = shared(normal(row.heads / row.group, row.dv));
    for (const at::Tensor& control : kind.random_controls(in.k_BTHk, row.mean_gate, generator))
        in.controls.push_back(exactIn(at::kFloat, control));
    in.scale = static_cast<double>(1 / std::sqrt(static_cast<float>(row.dk)));
    if (row.with_state)
        in.initial_state_BHkv =
            exactIn(at::kFloat, at::randn({row.batch, row.heads, row.dk, row.dv}, generator, at::kDouble));
    if (!row.lengths_B.empty()) in.lengths_B = at::tensor(row.lengths_B, at::kInt);
    problem.do_BTHv = exactIn(at::kBFloat16, normal(row.heads, row.dv));
    return problem;
}

}  // namespace

std::vector<OperatorProblem> operatorProblems(const RecurrenceKind& kind) {
    std::vector<OperatorProblem> problems;
    for (const Row& row : rows()) problems.push_back(makeProblem(kind, row));
    return problems;
}

OperatorProblem randomProblem(const RecurrenceKind& kind, std::int64_t batch, std::int64_t tokens, std::int64_t heads,
                              std::int64_t dim) {
    return makeProblem(kind, {batch, tokens, heads, dim, dim, {}, false});
}

}  // namespace fm
