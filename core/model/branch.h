// The linear branch that stands in for one layer's attention, and the set of them. DESIGN 5, method.md 10,
// prototype.md 3.1, export.md 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/model/blocks.h"
#include "core/model/branches/gdn.h"
#include "core/model/decoder_weights.h"

namespace fm {

// Exportable: what a standard format represents exactly: SiLU on q, k, v and l2-normed q, k where the kind has them, no
// RoPE, per-head RMSNorm with one shared weight, SiLU output gate without bias.
// Plain: no SiLU, output gate 2*sigmoid; aligns well but no standard loader holds it.
enum class BranchForm { Exportable, Plain };
const char* toString(BranchForm form);

struct BranchSpec {
    const Mixer* kind = &gdnMixer();  // one of mixers()
    BranchForm form = BranchForm::Exportable;
    // Heads of k and v: `expanded` repeats the teacher's K/V head blocks to the query heads (as in the paper).
    bool expanded_kv = true;
    double norm_eps = 1e-5;  // of the output norm; the teacher's rms_norm_eps, so that loaders agree
};

// KV, the heads of k and v of a branch.
std::int64_t keyHeads(const BranchSpec& spec, const ModelConfig& config);

// H heads of head_dim d each (dk = dv = head_dim); KV = H when expanded.
struct BranchWeights {
    at::Tensor q_OD, k_OD, v_OD;  // [H*d, D], [KV*d, D], [KV*d, D]
    at::Tensor z_OD;              // output gate, [H*d, D], no bias
    at::Tensor out_norm_d;        // fp32, one weight shared by the heads
    at::Tensor o_DO;              // [D, H*d]
    std::vector<at::Tensor> own;  // the kind's, as Mixer::tensors lists them
};

struct BranchSet {
    BranchSpec spec;
    std::string teacher_hash;
    std::string id;  // content hash of spec and tensors, 32 hex digits; "" until saved
    std::vector<BranchWeights> layers;
};

using BranchTensorVisitor = std::function<void(const std::string& name, at::Tensor& tensor)>;
// Names such as "layers.3.q_proj.weight", fixed order.
void forEachTensor(BranchSet& set, const BranchTensorVisitor& visit);
// Tensors that training changes (not the fixed decays).
void forEachTrainable(BranchSet& set, const BranchTensorVisitor& visit);

// The transfer rules: copied q, k, v (whole KV head blocks repeated), o; prototype.md 3.1's start for the exportable
// form: W_q, W_k, W_v x 0.1 and the gate rows fitted by ridge regression so that silu(z) begins at 1; per-head output
// scale folded into W_o by least squares. `normed_BTD` (layer inputs) and `target_BTD` (mixer outputs) per layer come
// from a teacher pass over a calibration batch.
struct BranchInit {
    std::vector<at::Tensor> normed_BTD;  // one per layer
    std::vector<at::Tensor> target_BTD;  // one per layer
};
BranchSet initBranches(const DecoderWeights& teacher, const BranchSpec& spec, const BranchInit& calibration,
                       std::uint64_t seed);

// Recurrent state of one layer's branch during decoding.
struct BranchState {
    at::Tensor state_BHkv;  // fp32; undefined = zeros
};

// Mixer output of the branch on the normalised layer input (after its o_proj, before the residual). Differentiable
// in weights and input. With `state`, continues from it and updates it (no gradient through the state).
at::Tensor linearMixer(const at::Tensor& normed_BTD, const BranchWeights& weights, const BranchSpec& spec,
                       const ModelConfig& config, BranchState* state = nullptr);

// branches/<id>.safetensors: spec in the metadata, strict on reading. Atomic. Sets set.id.
void saveBranches(BranchSet& set, const std::string& path);
void saveBranchesIn(BranchSet& set, const std::string& folder);  // as <id>.safetensors
BranchSet loadBranches(const std::string& path, const ModelConfig& config, at::Device device, at::ScalarType dtype);

}  // namespace fm
