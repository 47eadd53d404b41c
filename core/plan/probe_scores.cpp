#include "core/plan/probe_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fm {
namespace {

using CellKey = std::pair<std::string, int>;
using ScoreField = double SequenceScore::*;

// KL of a guess between two tokens: the smallest scale that makes sense where the teacher itself knows nothing.
constexpr double kSmallestScale = 0.6931471805599453;

CellKey cellOf(const SequenceScore& s) { return {s.task, s.tokens}; }

void add(TaskScores& sum, const TaskScores& part) {
    sum.answer_kl += part.answer_kl;
    sum.answer_nll += part.answer_nll;
    sum.token_accuracy += part.token_accuracy;
    sum.exact_match += part.exact_match;
    sum.teacher_exact_match += part.teacher_exact_match;
    sum.teacher_nll += part.teacher_nll;
    sum.rows += part.rows;
    sum.answers += part.answers;
    sum.sequences += part.sequences;
}

// Means from sums, divided once: a share of ones is 1. The counts stay sums.
void divide(TaskScores& sum, std::size_t parts) {
    for (double* value : {&sum.answer_kl, &sum.answer_nll, &sum.token_accuracy, &sum.exact_match,
                          &sum.teacher_exact_match, &sum.teacher_nll})
        *value /= static_cast<double>(std::max<std::size_t>(1, parts));
}

TaskScores cellScores(const std::vector<const SequenceScore*>& sequences) {
    TaskScores scores;
    for (const SequenceScore* s : sequences) {
        add(scores,
            {s->kl, s->nll, s->token_accuracy, s->exact, s->teacher_exact, s->teacher_nll, s->rows, s->answers, 1});
    }
    divide(scores, sequences.size());
    return scores;
}

// One stratum for each cell of the chosen kind, in the order of cells.
Strata strataOf(const std::vector<SequenceScore>& sequences, bool text, ScoreField value) {
    std::map<CellKey, std::vector<double>> cells;
    for (const SequenceScore& s : sequences) {
        if (s.isText() == text) cells[cellOf(s)].push_back(s.*value);
    }
    Strata strata;
    for (auto& [cell, values] : cells) strata.push_back(std::move(values));
    return strata;
}

double mean(const Strata& strata) { return openMean(strata).value; }

// Averages the cells of each task, then the tasks.
void averageTasks(ProbeScores& scores) {
    std::map<std::string, std::size_t> lengths;
    for (const auto& [cell, part] : scores.cells) {
        add(scores.tasks[cell.first], part);
        ++lengths[cell.first];
    }
    for (auto& [task, part] : scores.tasks) {
        divide(part, lengths[task]);
        add(scores.all, part);
    }
    divide(scores.all, scores.tasks.size());
}

// Pairs of sequences that both probes have, by task, length and seed; a's order.
std::vector<std::pair<const SequenceScore*, const SequenceScore*>> pairsOf(const ProbeScores& a, const ProbeScores& b) {
    std::map<std::pair<CellKey, std::uint64_t>, const SequenceScore*> known;
    for (const SequenceScore& s : b.sequences) known[{cellOf(s), s.seed}] = &s;
    std::vector<std::pair<const SequenceScore*, const SequenceScore*>> pairs;
    for (const SequenceScore& s : a.sequences) {
        if (const auto found = known.find({cellOf(s), s.seed}); found != known.end())
            pairs.push_back({&s, found->second});
    }
    return pairs;
}

}  // namespace

std::int64_t ProbeScores::fewestOfATask() const {
    if (tasks.empty()) return 0;
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    for (const auto& [task, part] : tasks) fewest = std::min(fewest, part.sequences);
    return fewest;
}

ProbeScores summarise(std::vector<SequenceScore> sequences, double answer_kl_scale, std::int64_t planned_sequences,
                      std::string probe_id) {
    ProbeScores scores;
    scores.planned_sequences = planned_sequences;
    scores.probe_id = std::move(probe_id);
    scores.answer_kl_scale = std::max(answer_kl_scale, kSmallestScale);
    std::map<CellKey, std::vector<const SequenceScore*>> by_cell;
    double highest_kl = scores.answer_kl_scale;
    for (const SequenceScore& s : sequences) {
        if (s.isText()) {
            scores.text_rows += s.rows;
        } else {
            by_cell[cellOf(s)].push_back(&s);
            highest_kl = std::max(highest_kl, s.kl);
        }
    }
    for (const auto& [cell, members] : by_cell) scores.cells[cell] = cellScores(members);
    averageTasks(scores);
    scores.answer_kl = boundedMean(strataOf(sequences, false, &SequenceScore::kl), 0, highest_kl);
    scores.exact_match = boundedMean(strataOf(sequences, false, &SequenceScore::exact), 0, 1);
    scores.text_kl = openMean(strataOf(sequences, true, &SequenceScore::kl));
    scores.text_kl.low = std::max(0.0, scores.text_kl.low);
    scores.text_nll = mean(strataOf(sequences, true, &SequenceScore::nll));
    scores.teacher_text_nll = mean(strataOf(sequences, true, &SequenceScore::teacher_nll));
    scores.top1_agreement = mean(strataOf(sequences, scores.text_rows > 0, &SequenceScore::agreement));
    scores.sequences = std::move(sequences);
    return scores;
}

double planObjective(const ProbeScores& scores, double text_weight) {
    return scores.all.answer_kl + (scores.hasText() ? text_weight * scores.text_kl.value : 0);
}

ScoreDifference compareScores(const ProbeScores& a, const ProbeScores& b, double text_weight) {
    ScoreDifference difference;
    if (a.probe_id != b.probe_id) return difference;
    std::map<CellKey, std::vector<double>> kl, exact, text;
    double range = std::max(a.answer_kl_scale, b.answer_kl_scale);
    for (const auto& [x, y] : pairsOf(a, b)) {
        if (x->isText()) {
            text[cellOf(*x)].push_back(x->kl - y->kl);
            continue;
        }
        kl[cellOf(*x)].push_back(x->kl - y->kl);
        exact[cellOf(*x)].push_back(x->exact - y->exact);
        range = std::max({range, x->kl, y->kl});
    }
    const auto strata = [](const std::map<CellKey, std::vector<double>>& cells) {
        Strata values;
        for (const auto& [cell, differences] : cells) values.push_back(differences);
        return values;
    };
    difference.answer_kl = boundedMean(strata(kl), -range, range);
    difference.exact_match = boundedMean(strata(exact), -1, 1);
    difference.text_kl = openMean(strata(text));
    difference.objective = summedDifference(strata(kl), strata(text), text_weight);
    return difference;
}

}  // namespace fm
