// Held-out sequences with what the teacher says about them, computed once and shared by every plan that is measured.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/probe_design.h"
#include "core/data/sample.h"
#include "core/engine/batch_fn.h"
#include "core/engine/gate_objective.h"
#include "core/model/blocks.h"
#include "core/model/decoder_weights.h"
#include "core/plan/probe_scores.h"

namespace fm {

// Thread: one at a time. Batches are made and the teacher is run when an entry is first asked for, so that a probe
// begins to answer after its first round.
class ProbeSet {
public:
    struct Entry {
        Batch batch;
        at::Tensor ids_BT;  // int64, on the device
        GateRows rows;
        at::Tensor teacher_answer_ND;  // teacher's residual after the last layer at those rows
        at::Tensor teacher_text_ND;
        std::vector<SequenceScore> teacher;  // the teacher's own scores; kl 0, agreement 1
    };

    // The design's rounds under this teacher; `teacher` must outlive the set.
    ProbeSet(const DecoderWeights& teacher, std::shared_ptr<const ProbeSource> source);
    // Given batches; the identity is the hash of their tokens.
    ProbeSet(const DecoderWeights& teacher, std::vector<Batch> batches);

    std::int64_t numEntries() const { return num_entries_; }
    std::int64_t plannedSequences() const { return planned_sequences_; }
    const Entry& entry(std::int64_t index);
    const DecoderWeights& teacher() const { return *teacher_; }
    const Rope& rope() const { return rope_; }
    // Of design, data, teacher and precision: probe results are cached and compared by it.
    const std::string& id() const { return id_; }
    std::string purpose() const { return purpose_; }

    // Mean KL, over the answer rows of the first `entries` entries, of a model that knows which tokens answers consist
    // of and how often, but not which answer is asked for: H(mean of p) - mean of H(p), p the teacher's distribution.
    double answerKlScale(std::int64_t entries);

private:
    // Sums over the answer rows of one entry.
    struct AnswerSums {
        at::Tensor probability_V;  // float64, CPU
        double entropy = 0;        // nat
        std::int64_t rows = 0;
    };
    void compute(std::int64_t index);

    const DecoderWeights* teacher_;
    BatchFn make_;
    std::int64_t num_entries_ = 0, planned_sequences_ = 0;
    std::string id_, purpose_ = "measure";
    Rope rope_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<AnswerSums> sums_;
};

// Scores of each sequence of `entry` under the student whose residuals after the last layer are given at the entry's
// answer and text rows; final norm and head are the student's own, the reference distribution is the teacher's.
std::vector<SequenceScore> scoreEntry(const ProbeSet::Entry& entry, const DecoderWeights& teacher,
                                      const DecoderWeights& student, const at::Tensor& answer_ND,
                                      const at::Tensor& text_ND);

}  // namespace fm
