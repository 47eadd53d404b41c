// The alignment term of the gate stage and its gradient at the mixed stream (resources/handbook/method.md,
// "Objectives").
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/data/sample.h"
#include "core/model/morphable_model.h"

namespace fm {

enum class AlignKind {
    Hidden,     // mean over layers and answer rows of ||H_mix - H_teacher||^2 (the paper)
    ScaleFree,  // the same with each layer divided by the teacher's mean ||H||^2 at its answer rows
    Kl,         // KL(teacher || mixed) of the next-token distribution at gate rows
};
const char* toString(AlignKind kind);
AlignKind alignKindFromString(const std::string& text);

// Weights of a batch's terms; terms with weight 0 cost nothing.
struct ObjectiveWeights {
    AlignKind kind = AlignKind::Kl;
    double scale_free = 0;  // extra scale-free hidden term beside Kl
    double text_kl = 0;     // weight of KL on plain-text rows
};

// How answer rows are averaged.
enum class RowAverage {
    Sequences,  // rows of a sequence, then sequences: a passkey of 320 answer tokens weighs as much as a needle of 7
    Rows,       // every row alike (the paper)
};
const char* toString(RowAverage average);
RowAverage rowAverageFromString(const std::string& text);  // InputError for another word

// Rows of [B*T] that matter: positions that predict an answer token, and every `text_stride`-th valid position of
// plain-text sequences. On the CPU. The weights of the answer rows sum to 1, or there are none; so do those of text.
struct GateRows {
    std::vector<std::int64_t> answer;  // retrieval
    std::vector<std::int64_t> text;
    std::vector<double> answer_weight, text_weight;
};
GateRows gateRows(const Batch& batch, std::int64_t text_stride, RowAverage average = RowAverage::Sequences);

struct ObjectiveValue {
    double total = 0;   // weighted sum, without the regulariser
    double hidden = 0;  // squared-error term as minimised (raw or scale-free), 0 when off
    double kl = 0;      // answer KL, nat, averaged with the rows' weights
    double text_kl = 0;
    std::vector<double> layer_error_L;  // mean squared error per layer at the answer rows (raw), with their weights
};

// Gradients for morphableBackward(). dpost_rows is over the answer rows.
struct ObjectiveGradient {
    std::vector<at::Tensor> dpost_rows_ND;
    at::Tensor dhidden_BTD;
};

// `rows` must be the answer rows the tape was made with. A batch without answer rows has no alignment term.
ObjectiveValue gateObjective(const MorphableModel& model, const MorphableTape& tape, const GateRows& rows,
                             const ObjectiveWeights& weights, ObjectiveGradient& gradient);

// Weighted sum over rows of KL(teacher || student) in nat, from residuals after the last layer, in vocabulary-safe row
// blocks; dstudent_ND (optional) receives its gradient in the student's residual. The weights sum to 1.
double meanKlFromHidden(const DecoderWeights& weights, const at::Tensor& teacher_ND, const at::Tensor& student_ND,
                        const std::vector<double>& weight_N, at::Tensor* dstudent_ND);

}  // namespace fm
