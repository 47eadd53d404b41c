#include "core/plan/probe_tables.h"

#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace fm {
namespace {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();
constexpr ProbePurpose kPurposes[] = {ProbePurpose::Measure, ProbePurpose::Choose, ProbePurpose::Confirm,
                                      ProbePurpose::Judge};

double ifKnown(const Estimate& estimate, double value) { return estimate.known() ? value : kNotMeasured; }

Column whole(const char* path, const char* unit, const char* help) { return {path, CellType::Int64, 1, unit, help}; }

}  // namespace

const char* toString(ProbePurpose purpose) {
    switch (purpose) {
        case ProbePurpose::Measure:
            return "measure";
        case ProbePurpose::Choose:
            return "choose";
        case ProbePurpose::Confirm:
            return "confirm";
        case ProbePurpose::Judge:
            return "judge";
    }
    return "";
}

ProbePurpose probePurposeFromString(const std::string& text) {
    for (const ProbePurpose purpose : kPurposes) {
        if (text == toString(purpose)) return purpose;
    }
    throw InputError(Problem{"purpose", text, "measure, choose, confirm or judge"});
}

Table probeTable(std::int64_t num_layers) {
    return {
        "probes",
        {whole("probes/step", "steps", "step of the run the plan belongs to, -1 for none"),
         {"probes/plan", CellType::Text, static_cast<int>(num_layers), "", "F full attention, L linear, layer 0 first"},
         whole("probes/budget", "layers", "K, how many layers keep full attention"),
         scalarColumn(
             "probes/answer_kl", "nat",
             "KL(teacher || plan) at rows that predict answer tokens: mean over tasks of means over sequences"),
         scalarColumn("probes/answer_kl_low", "nat", "lower end of its 95 % interval"),
         scalarColumn("probes/answer_kl_high", "nat", "upper end of its 95 % interval"),
         scalarColumn("probes/answer_nll", "nat", "negative log-likelihood per answer token"),
         scalarColumn("probes/token_accuracy", "1", "answer tokens that are the argmax given the gold prefix"),
         scalarColumn("probes/exact_match", "1", "answers whose every token is the argmax (= greedy generation)"),
         scalarColumn("probes/exact_match_low", "1", "lower end of its 95 % interval"),
         scalarColumn("probes/exact_match_high", "1", "upper end of its 95 % interval"),
         scalarColumn("probes/teacher_exact_match", "1", "the teacher's own, on the same sequences"),
         scalarColumn("probes/text_kl", "nat", "KL(teacher || plan) on plain text, every fourth position; NaN: none"),
         scalarColumn("probes/text_kl_low", "nat", "lower end of its 95 % interval"),
         scalarColumn("probes/text_kl_high", "nat", "upper end of its 95 % interval"),
         scalarColumn("probes/text_nll", "nat",
                      "negative log-likelihood per text token, every fourth position; exp is the perplexity"),
         scalarColumn("probes/teacher_text_nll", "nat", "the teacher's own, on the same positions"),
         scalarColumn("probes/top1_agreement", "1", "argmax equals the teacher's, on plain text"),
         whole("probes/answers", "answers", "answers measured"),
         whole("probes/sequences", "sequences", "sequences with answers"),
         whole("probes/text_sequences", "sequences", "sequences of plain text"),
         whole("probes/planned_sequences", "sequences", "sequences of the whole design; fewer measured: unfinished"),
         scalarColumn("probes/answer_kl_scale", "nat", "KL of a model that does not know the answers"),
         {"probes/identity", CellType::Text, 32, "",
          "design, seeds, tokenizer, text, teacher and precision as one hash"},
         {"probes/purpose", CellType::Text, 8, "", "measure, choose, confirm or judge: what chose never judges"}}};
}

Row probeRow(std::int64_t step, const Plan& plan, const ProbeScores& s, ProbePurpose purpose) {
    return {step,
            plan.key(),
            std::int64_t{plan.budget()},
            s.answer_kl.value,
            s.answer_kl.low,
            s.answer_kl.high,
            s.all.answer_nll,
            s.all.token_accuracy,
            s.exact_match.value,
            s.exact_match.low,
            s.exact_match.high,
            s.all.teacher_exact_match,
            ifKnown(s.text_kl, s.text_kl.value),
            ifKnown(s.text_kl, s.text_kl.low),
            ifKnown(s.text_kl, s.text_kl.high),
            ifKnown(s.text_kl, s.text_nll),
            ifKnown(s.text_kl, s.teacher_text_nll),
            s.top1_agreement,
            s.all.answers,
            s.all.sequences,
            s.text_kl.n,
            s.planned_sequences,
            s.answer_kl_scale,
            s.probe_id,
            std::string(toString(purpose))};
}

Table sequenceTable() {
    return {"sequences",
            {whole("sequences/subject", "", "row of the table of plans that this sequence belongs to"),
             {"sequences/task", CellType::Text, 32, "", "retrieval task; text: plain text"},
             whole("sequences/tokens", "tokens", "context length asked for"),
             {"sequences/seed", CellType::Text, 20, "", "seed that makes the sequence again"},
             whole("sequences/rows", "", "positions behind the means"),
             whole("sequences/answers", "answers", "answers in the sequence; 0: plain text"),
             scalarColumn("sequences/kl", "nat", "KL(teacher || plan), mean over rows"),
             scalarColumn("sequences/nll", "nat", "negative log-likelihood per token, mean over rows"),
             scalarColumn("sequences/token_accuracy", "1", "labels that are the argmax"),
             scalarColumn("sequences/exact", "1", "share of answers whose every token is the argmax"),
             scalarColumn("sequences/agreement", "1", "rows whose argmax is the teacher's"),
             scalarColumn("sequences/teacher_nll", "nat", "the teacher's negative log-likelihood"),
             scalarColumn("sequences/teacher_exact", "1", "the teacher's share of exact answers")}};
}

Row sequenceRow(std::int64_t subject, const SequenceScore& s) {
    return {subject,
            s.task,
            std::int64_t{s.tokens},
            std::to_string(s.seed),
            s.rows,
            s.answers,
            s.kl,
            s.nll,
            s.token_accuracy,
            s.exact,
            s.agreement,
            s.teacher_nll,
            s.teacher_exact};
}

}  // namespace fm
