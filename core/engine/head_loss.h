// Losses on next-token distributions whose logits never exist all at once: the head runs in row blocks, each block's
// graph is freed before the next, and only the gradient of the residual rows is kept (as in HALO, arXiv 2601.22156).
// Gradients land in the .grad of every leaf: head, final norm, and whatever made the residual. Thread: one job's
// thread, gradients enabled.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/decoder_weights.h"

namespace fm {

// sum_n weight_n * CE(label_n, softmax(head(norm(hidden_n)))). Returns the sum; back-propagates it.
double crossEntropyBackward(const DecoderWeights& weights, const at::Tensor& hidden_ND, const at::Tensor& labels_N,
                            const at::Tensor& weight_N);

// sum_n weight_n * KL(softmax(teacher logits_n) || softmax(student logits_n)), nat. `teacher_ND` and `student_ND` are
// residuals after the last layer of their models; only the student is trained.
double distillKlBackward(const DecoderWeights& student, const at::Tensor& student_ND, const DecoderWeights& teacher,
                         const at::Tensor& teacher_ND, const at::Tensor& weight_N);

}  // namespace fm
