// What a probe says about one plan: one value for each held-out sequence, and everything that is averaged from them.
// The same functions serve the engine, the command line and the window, which reads the sequences from a run file.
//
// Averages: rows and answers within a sequence first, then sequences of one task and length (a cell), then the lengths
// of a task, then the tasks. So a passkey of 320 answer rows does not outweigh a needle of seven, nor a task of eight
// questions a task of one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/plan/intervals.h"

namespace fm {

inline constexpr const char* kTextTask = "text";

// One held-out sequence under one plan.
struct SequenceScore {
    std::string task;  // kTextTask: plain text, no answers
    std::int32_t tokens = 0;
    std::uint64_t seed = 0;
    std::int64_t rows = 0;      // positions behind the means: those that predict answer tokens, or every fourth of text
    std::int64_t answers = 0;   // 0 for text
    double kl = 0;              // KL(teacher || plan), nat, mean over rows
    double nll = 0;             // nat per token, mean over rows
    double token_accuracy = 0;  // argmax equals the label, given the gold prefix
    double exact = 0;           // share of answers whose every token is the argmax
    double agreement = 0;       // argmax equals the teacher's, share of rows
    double teacher_nll = 0;     // of the teacher on the same rows
    double teacher_exact = 0;

    bool isText() const { return answers == 0; }
};

// Averages of one cell, one task, or the probe.
struct TaskScores {
    double answer_kl = 0, answer_nll = 0, token_accuracy = 0, exact_match = 0;
    double teacher_exact_match = 0, teacher_nll = 0;
    std::int64_t rows = 0, answers = 0, sequences = 0;
};

struct ProbeScores {
    TaskScores all;                                           // macro average over tasks
    std::map<std::string, TaskScores> tasks;                  // average over the lengths of a task
    std::map<std::pair<std::string, int>, TaskScores> cells;  // by task and length in tokens
    Estimate answer_kl, exact_match;                          // of `all`
    Estimate text_kl;                                         // n = 0 without text
    double text_nll = 0, teacher_text_nll = 0;                // nat per token; exp() is the perplexity
    double top1_agreement = 0;                                // on text, or on answer rows where there is no text
    double answer_kl_scale = 0;                               // KL of a model that does not know the answers, nat
    std::int64_t text_rows = 0;
    std::int64_t planned_sequences = 0;    // of the whole design, text included
    std::string probe_id;                  // scores of other ids are never compared with these
    std::vector<SequenceScore> sequences;  // in the probe's order

    bool complete() const { return static_cast<std::int64_t>(sequences.size()) >= planned_sequences; }
    bool hasText() const { return text_kl.known(); }
    // The fewest sequences that any task has.
    std::int64_t fewestOfATask() const;
};

// A task counts as measured from this many sequences on.
inline constexpr std::int64_t kFewestSequences = 8;

ProbeScores summarise(std::vector<SequenceScore> sequences, double answer_kl_scale, std::int64_t planned_sequences,
                      std::string probe_id);

// What plans are chosen by: answer KL + text_weight * text KL, nat, smaller is better.
double planObjective(const ProbeScores& scores, double text_weight);

// a - b on the sequences that both have. n = 0 when the probes differ in identity or share no sequence.
struct ScoreDifference {
    Estimate answer_kl, exact_match, text_kl;
    Estimate objective;  // answer KL + text_weight * text KL
    // Whether answers or text tell the two apart; never by anything but these intervals.
    bool differs() const { return answer_kl.excludesZero() || exact_match.excludesZero() || text_kl.excludesZero(); }
};
ScoreDifference compareScores(const ProbeScores& a, const ProbeScores& b, double text_weight);

}  // namespace fm
