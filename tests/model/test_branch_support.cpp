#include "test_branch_support.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace fm::test {

namespace {

using Vector = std::vector<double>;

Vector row(const at::Tensor& x, std::int64_t index) {
    const at::Tensor r = x[index].to(at::kDouble).contiguous();
    return Vector(r.const_data_ptr<double>(), r.const_data_ptr<double>() + r.numel());
}

Vector vectorOf(const at::Tensor& x) { return row(x.reshape({1, -1}), 0); }

using Matrix = std::vector<Vector>;

Matrix matrixOf(const at::Tensor& x) {
    Matrix rows;
    for (std::int64_t i = 0; x.defined() && i < x.size(0); ++i) rows.push_back(row(x, i));
    return rows;
}

Vector times(const Matrix& matrix, const Vector& x) {
    Vector y;
    for (const Vector& r : matrix) {
        double sum = 0;
        for (std::size_t j = 0; j < x.size(); ++j) sum += r[j] * x[j];
        y.push_back(sum);
    }
    return y;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x * sigmoid(x); }
double softplus(double x) { return std::log1p(std::exp(x)); }

Vector headOf(const Vector& x, std::int64_t head, std::int64_t dim) {
    return Vector(x.begin() + head * dim, x.begin() + (head + 1) * dim);
}

void l2Normalise(Vector& x) {
    double sum = 0;
    for (double value : x) sum += value * value;
    for (double& value : x) value /= std::sqrt(sum + 1e-6);
}

// What a kind adds to linear attention, for one head and one token.
struct OracleControls {
    Vector log_decay_k;  // one for each key channel
    bool delta_rule = false;
    double beta = 0;
};

// The own tensors of a branch as plain numbers.
struct OracleOwn {
    std::string kind;
    std::vector<Matrix> matrices;
    std::vector<Vector> vectors;

    OracleOwn(const BranchWeights& w, const BranchSpec& spec) : kind(spec.kind->name) {
        for (const at::Tensor& tensor : w.own) {
            matrices.push_back(tensor.dim() == 2 ? matrixOf(tensor) : Matrix());
            vectors.push_back(tensor.dim() == 1 ? vectorOf(tensor) : Vector());
        }
    }
};

OracleControls gdnControls(const OracleOwn& own, const Vector& x, std::size_t h, std::size_t dim) {
    const double a = times({own.matrices[0][h]}, x)[0], b = times({own.matrices[1][h]}, x)[0];
    const double log_decay = -std::exp(own.vectors[2][h]) * softplus(a + own.vectors[3][h]);
    return {Vector(dim, log_decay), true, sigmoid(b)};
}

OracleControls lightningControls(const OracleOwn& own, const Vector&, std::size_t h, std::size_t dim) {
    return {Vector(dim, own.vectors[0][h])};
}

// Low rank, then logsigmoid / 16; key heads that query heads share have one decay.
OracleControls glaControls(const OracleOwn& own, const Vector& x, std::size_t key_head, std::size_t dim) {
    const Vector logits = times(own.matrices[1], times(own.matrices[0], x));
    OracleControls controls;
    for (std::size_t c = key_head * dim; c < (key_head + 1) * dim; ++c)
        controls.log_decay_k.push_back(-softplus(-(logits[c] + own.vectors[2][c])) / 16);
    return controls;
}

OracleControls controlsOf(const OracleOwn& own, const Vector& x, std::size_t head, std::size_t key_head,
                          std::size_t dim) {
    if (own.kind == "gdn") return gdnControls(own, x, head, dim);
    if (own.kind == "gla") return glaControls(own, x, key_head, dim);
    return lightningControls(own, x, head, dim);
}

// One head's recurrence for one token: S is [dk][dv].
Vector stepHead(std::vector<Vector>& state, const Vector& q, const Vector& k, const Vector& v,
                const OracleControls& controls, double scale) {
    const std::size_t dim = v.size();
    for (std::size_t i = 0; i < k.size(); ++i)
        for (double& s : state[i]) s *= std::exp(controls.log_decay_k[i]);
    for (std::size_t j = 0; j < dim; ++j) {
        double held = 0;
        for (std::size_t i = 0; i < k.size(); ++i) held += k[i] * state[i][j];
        const double written = controls.delta_rule ? controls.beta * (v[j] - held) : v[j];
        for (std::size_t i = 0; i < k.size(); ++i) state[i][j] += k[i] * written;
    }
    Vector o(dim, 0.0);
    for (std::size_t j = 0; j < dim; ++j)
        for (std::size_t i = 0; i < q.size(); ++i) o[j] += scale * q[i] * state[i][j];
    return o;
}

struct OracleToken {
    Vector q, k, v, z;
};

struct OracleWeights {
    Matrix q, k, v, z, o;
    explicit OracleWeights(const BranchWeights& w)
        : q(matrixOf(w.q_OD)), k(matrixOf(w.k_OD)), v(matrixOf(w.v_OD)), z(matrixOf(w.z_OD)), o(matrixOf(w.o_DO)) {}
};

OracleToken projectToken(const Vector& x, const OracleWeights& w) {
    return {times(w.q, x), times(w.k, x), times(w.v, x), times(w.z, x)};
}

}  // namespace

ModelConfig smallConfig() {
    ModelConfig config;
    config.hidden_size = 12;
    config.num_layers = 1;
    config.num_heads = 4;
    config.num_kv_heads = 2;
    config.head_dim = 6;
    return config;
}

const std::vector<BranchCase>& allBranchCases() {
    static const std::vector<BranchCase> cases = [] {
        std::vector<BranchCase> made;
        for (const Mixer* kind : mixers())
            for (const BranchForm form : {BranchForm::Exportable, BranchForm::Plain})
                for (const bool expanded : {true, false})
                    made.push_back(
                        {kind, form, expanded,
                         std::string(kind->name) + "-" + toString(form) + (expanded ? "-expanded" : "-grouped")});
        return made;
    }();
    return cases;
}

BranchSpec specOf(const BranchCase& which) { return {which.kind, which.form, which.expanded_kv, 1e-5}; }

BranchWeights randomBranch(const BranchSpec& spec, const ModelConfig& config, std::int64_t seed) {
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(seed));
    const auto normal = [&generator](std::vector<std::int64_t> shape, double scale) {
        return at::randn(shape, generator, at::kDouble) * scale;
    };
    const std::int64_t width = config.hidden_size, heads = config.num_heads, d = config.head_dim;
    const std::int64_t kv_heads = spec.expanded_kv ? heads : config.num_kv_heads;
    BranchWeights w;
    w.q_OD = normal({heads * d, width}, 0.4);
    w.k_OD = normal({kv_heads * d, width}, 0.4);
    w.v_OD = normal({kv_heads * d, width}, 0.4);
    w.z_OD = normal({heads * d, width}, 0.3);
    w.o_DO = normal({width, heads * d}, 0.3);
    w.out_norm_d = 1 + normal({d}, 0.2);
    if (spec.kind == findMixer("gdn"))
        w.own = {normal({heads, width}, 0.3), normal({heads, width}, 0.5), normal({heads}, 0.7) - 1.5,
                 normal({heads}, 0.5)};
    if (spec.kind == findMixer("gla"))
        w.own = {normal({16, width}, 0.4), normal({kv_heads * d, 16}, 0.6), normal({kv_heads * d}, 1.5)};
    if (spec.kind == findMixer("lightning")) w.own = {-at::rand({heads}, generator, at::kDouble) * 0.7 - 0.01};
    return w;
}

at::Tensor randomInput(const ModelConfig& config, std::int64_t batch, std::int64_t tokens, std::int64_t seed) {
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(seed));
    return at::randn({batch, tokens, config.hidden_size}, generator, at::kDouble);
}

BranchWeights castTo(const BranchWeights& weights, at::ScalarType dtype) {
    BranchWeights cast = weights;
    const auto to = [dtype](at::Tensor& tensor) {
        tensor = tensor.to(tensor.dim() == 1 && dtype == at::kBFloat16 ? at::kFloat : dtype);
    };
    for (at::Tensor* t : {&cast.q_OD, &cast.k_OD, &cast.v_OD, &cast.z_OD, &cast.out_norm_d, &cast.o_DO}) to(*t);
    for (at::Tensor& t : cast.own) to(t);
    return cast;
}

at::Tensor oracleMixer(const at::Tensor& normed, const BranchWeights& w, const BranchSpec& spec,
                       const ModelConfig& config) {
    const std::int64_t heads = config.num_heads, d = config.head_dim;
    const bool exportable = spec.form == BranchForm::Exportable;
    const bool gdn = spec.kind == findMixer("gdn");
    const Vector norm_weight = vectorOf(w.out_norm_d);
    const OracleOwn own(w, spec);
    const OracleWeights matrices(w);
    Vector out;
    for (std::int64_t b = 0; b < normed.size(0); ++b) {
        const Matrix inputs = matrixOf(normed[b]);
        std::vector<std::vector<Vector>> state(heads, std::vector<Vector>(d, Vector(d, 0.0)));
        for (std::int64_t t = 0; t < normed.size(1); ++t) {
            OracleToken token = projectToken(inputs[t], matrices);
            if (gdn && exportable)
                for (Vector* x : {&token.q, &token.k, &token.v})
                    for (double& value : *x) value = silu(value);
            Vector gated;
            for (std::int64_t h = 0; h < heads; ++h) {
                const std::int64_t kv = spec.expanded_kv ? h : h / (heads / config.num_kv_heads);
                Vector q = headOf(token.q, h, d), k = headOf(token.k, kv, d);
                const Vector v = headOf(token.v, kv, d);
                if (gdn) l2Normalise(q), l2Normalise(k);
                const OracleControls controls = controlsOf(own, inputs[t], h, kv, d);
                const Vector o = stepHead(state[h], q, k, v, controls, 1 / std::sqrt(double(d)));
                double mean_square = 0;
                for (double value : o) mean_square += value * value / double(d);
                for (std::int64_t c = 0; c < d; ++c) {
                    const double z = token.z[h * d + c];
                    const double gate = exportable ? silu(z) : 2 * sigmoid(z);
                    gated.push_back(o[c] / std::sqrt(mean_square + spec.norm_eps) * norm_weight[c] * gate);
                }
            }
            const Vector y = times(matrices.o, gated);
            out.insert(out.end(), y.begin(), y.end());
        }
    }
    return at::from_blob(out.data(), normed.sizes(), at::kDouble).clone();
}

double maxRelativeError(const at::Tensor& got, const at::Tensor& want) {
    const at::Tensor difference = (got.to(at::kDouble) - want.to(at::kDouble)).abs().max();
    return difference.item<double>() / std::max(want.to(at::kDouble).abs().max().item<double>(), 1e-300);
}

}  // namespace fm::test
