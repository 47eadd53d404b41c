#include "widgets/state/measured_reader.h"

#include <QString>
#include <QStringList>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/plan/plan_spelling.h"
#include "core/run/run_id.h"
#include "core/store/run_reader.h"

namespace fm {
namespace {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

// The branch set stands among the run's parents, beside runs and the teacher's hash, and first.
std::string branchesOf(const RunOpened& header) {
    for (const std::string& parent : header.parents) {
        if (!isRunId(parent) && parent != header.teacher_hash) return parent;
    }
    return {};
}

// Whether a row of "probes" reports, or belongs to what chooses a plan.
bool isReport(const std::string& purpose) {
    return purpose == toString(ProbePurpose::Measure) || purpose == toString(ProbePurpose::Judge);
}

// Measured by an older program, whose probes had no identity: figures that nobody can put beside others. The rows of a
// gate run never were measurements.
bool lacksIdentity(const RunReader& reader) {
    if (reader.header().job == "gates" || reader.find("probes/identity")) return false;
    return reader.find("probes/answer_kl") || reader.find("plans/answer_kl");
}

std::int64_t wholeField(const SpecFields& spec, const char* name, std::int64_t otherwise) {
    bool is_number = false;
    const std::int64_t value = QString::fromStdString(specField(spec, name)).toLongLong(&is_number);
    return is_number ? value : otherwise;
}

// Of each task at each length, in a probe whose size the engine chose. Another version chooses another size, so a plan
// that is to stand beside recorded ones must be asked for with theirs.
std::int64_t sequencesOfACell(const MeasuredPlan& measured) {
    std::set<std::pair<std::string, int>> cells;
    if (!measured.scores) return 0;
    for (const SequenceScore& sequence : measured.scores->sequences) cells.emplace(sequence.task, sequence.tokens);
    return cells.empty() ? 0 : measured.planned_sequences / static_cast<std::int64_t>(cells.size());
}

ProbeDesign designOf(const SpecFields& spec, const MeasuredPlan& measured) {
    ProbeDesign design;
    const auto listed = [&spec](const char* name) {
        return QString::fromStdString(specField(spec, name)).split(QStringLiteral(", "), Qt::SkipEmptyParts);
    };
    for (const QString& task : listed("tasks")) design.tasks.push_back(task.toStdString());
    for (const QString& length : listed("lengths")) design.lengths.push_back(length.toInt());
    design.sequences = wholeField(spec, "sequences", 0);
    design.seed = wholeField(spec, "seed", -1);
    if (design.sequences == 0) design.sequences = sequencesOfACell(measured);
    design.planned_sequences = measured.planned_sequences;
    return design;
}

// The sequences of every row of "probes", with what pairs them and what is compared; every column is a part of the time
// that a study takes to open. Empty where the run does not hold them.
std::vector<std::vector<SequenceScore>> sequencesOf(const RunReader& reader, std::size_t subjects) {
    std::vector<std::vector<SequenceScore>> by_subject(subjects);
    if (!reader.find("sequences/subject")) return by_subject;
    const std::vector<std::int64_t> subject = reader.readIntegers("sequences/subject"),
                                    tokens = reader.readIntegers("sequences/tokens"),
                                    answers = reader.readIntegers("sequences/answers");
    const std::vector<std::string> task = reader.readTexts("sequences/task"), seed = reader.readTexts("sequences/seed");
    const std::vector<double> kl = reader.readNumbers("sequences/kl"), exact = reader.readNumbers("sequences/exact");
    const std::size_t count =
        std::min({subject.size(), tokens.size(), answers.size(), task.size(), seed.size(), kl.size(), exact.size()});
    for (std::size_t i = 0; i < count; ++i) {
        if (subject[i] < 0 || static_cast<std::size_t>(subject[i]) >= subjects) continue;
        SequenceScore score;
        score.task = task[i];
        score.tokens = static_cast<std::int32_t>(tokens[i]);
        std::from_chars(seed[i].data(), seed[i].data() + seed[i].size(), score.seed);
        score.answers = answers[i];
        score.kl = kl[i];
        score.exact = exact[i];
        by_subject[static_cast<std::size_t>(subject[i])].push_back(std::move(score));
    }
    return by_subject;
}

// The table "probes", column by column; a column that is too short ends them all.
struct ProbeRows {
    explicit ProbeRows(const RunReader& reader) {
        const auto numbers = [&](const std::string& name) { return reader.readNumbers("probes/" + name); };
        const auto texts = [&](const char* name) { return reader.readTexts(std::string("probes/") + name); };
        plan = texts("plan"), identity = texts("identity"), purpose = texts("purpose");
        answers = numbers("answers"), sequences = numbers("sequences"), text_sequences = numbers("text_sequences");
        planned = numbers("planned_sequences"), scale = numbers("answer_kl_scale");
        const char* const names[] = {"answer_kl", "exact_match", "text_kl"};
        for (std::size_t i = 0; i < 3; ++i) {
            const std::string name = names[i];
            ends[i][0] = numbers(name), ends[i][1] = numbers(name + "_low"), ends[i][2] = numbers(name + "_high");
        }
        count = std::min({plan.size(), identity.size(), purpose.size(), answers.size(), sequences.size(),
                          text_sequences.size(), planned.size(), scale.size()});
        for (const auto& columns : ends)
            for (const std::vector<double>& column : columns) count = std::min(count, column.size());
    }
    Estimate estimate(std::size_t which, std::size_t row, double n) const {
        const Estimate e{ends[which][0][row], ends[which][1][row], ends[which][2][row], static_cast<std::int64_t>(n)};
        const bool there = n > 0 && std::isfinite(e.value) && std::isfinite(e.low) && std::isfinite(e.high);
        return there ? e : Estimate{};
    }
    std::vector<std::string> plan, identity, purpose;
    std::vector<double> answers, sequences, text_sequences, planned, scale;
    std::vector<double> ends[3][3];  // of answer KL, exact match, text KL: value, low, high
    std::size_t count = 0;
};

MeasuredPlan measuredRow(const ProbeRows& rows, std::size_t i, std::vector<SequenceScore> sequences) {
    MeasuredPlan m;
    m.plan = rows.plan[i];
    m.budget = budgetOfKey(m.plan);
    m.answer_kl = rows.estimate(0, i, rows.sequences[i]);
    m.exact_match = rows.estimate(1, i, rows.sequences[i]);
    m.text_kl = rows.estimate(2, i, rows.text_sequences[i]);
    m.answers = static_cast<std::int64_t>(rows.answers[i]);
    m.planned_sequences = static_cast<std::int64_t>(rows.planned[i]);
    m.complete = rows.sequences[i] + rows.text_sequences[i] >= rows.planned[i];
    m.measured = m.complete;
    m.identity = rows.identity[i];
    m.purpose = probePurposeFromString(rows.purpose[i]);
    if (static_cast<double>(sequences.size()) == rows.sequences[i] + rows.text_sequences[i] && !sequences.empty()) {
        m.scores = std::make_shared<const ProbeScores>(
            summarise(std::move(sequences), rows.scale[i], m.planned_sequences, m.identity));
        m.measured = m.scores->fewestOfATask() >= kFewestSequences;
    }
    return m;
}

// Row i of a selection's "plans", or of a judgement's "subjects", is measured by row i of its "probes".
void readProbes(const RunReader& reader, const SpecFields& spec, Measurements& to) {
    const ProbeRows rows(reader);
    std::vector<std::string> sources(rows.count, reader.header().job);
    std::vector<std::string> hybrids(rows.count, specField(spec, "hybrid"));
    if (reader.find("plans/selector")) sources = reader.readTexts("plans/selector");
    if (reader.find("subjects/name")) {
        sources = reader.readTexts("subjects/name");
        hybrids = reader.readTexts("subjects/hybrid");
    }
    const std::size_t count = std::min({rows.count, sources.size(), hybrids.size()});
    if (std::none_of(rows.purpose.begin(), rows.purpose.end(), isReport)) return;
    std::vector<std::vector<SequenceScore>> sequences = sequencesOf(reader, count);
    for (std::size_t i = 0; i < count; ++i) {
        if (!isReport(rows.purpose[i])) continue;
        MeasuredPlan m = measuredRow(rows, i, std::move(sequences[i]));
        m.hybrid = hybrids[i];
        m.run = reader.header().run_id;
        m.source = sources[i];
        to.designs.try_emplace(m.identity, designOf(spec, m));
        to.plans.push_back(std::move(m));
    }
}

void readChosen(const RunReader& reader, Measurements& to) {
    const std::string& run = reader.header().run_id;
    if (reader.find("plans/selector")) {
        const std::vector<std::string> plans = reader.readTexts("plans/plan"), by = reader.readTexts("plans/selector");
        for (std::size_t i = 0; i < std::min(plans.size(), by.size()); ++i) to.chosen.push_back({plans[i], by[i], run});
    } else if (reader.header().job == "gates" && reader.state() == RunState::Finished && reader.find("probes/plan")) {
        const std::vector<std::string> plans = reader.readTexts("probes/plan");
        if (!plans.empty()) to.chosen.push_back({plans.back(), "gates", run});
    }
}

// Plans with one linear layer that a selection tried on its way, on the probe of its first seed. Their objective is
// in-sample and holds some text KL too: good enough for how layers relate, and the predictor's calibration takes out
// the scale.
void readRemoved(const RunReader& reader, Measurements& to) {
    const std::vector<std::string> plans = reader.readTexts("tried/plan");
    const std::vector<std::int64_t> seed_index = reader.readIntegers("tried/seed_index");
    const std::vector<double> objective = reader.readNumbers("tried/objective");
    for (std::size_t i = 0; i < std::min({plans.size(), seed_index.size(), objective.size()}); ++i) {
        if (seed_index[i] != 0 || budgetOfKey(plans[i]) + 1 != static_cast<int>(plans[i].size())) continue;
        to.effects.single.resize(plans[i].size(), kNotMeasured);
        to.effects.single[plans[i].find('L')] = objective[i];
    }
}

void readPairMap(const RunReader& reader, Measurements& to) {
    const std::vector<std::int64_t> layers = reader.readIntegers("interact/layer");
    const std::vector<double> single = reader.readNumbers("interact/single");
    const int num_layers = reader.column("interact/plan").width;
    const auto inside = [num_layers](std::int64_t layer) { return layer >= 0 && layer < num_layers; };
    to.effects.single.assign(static_cast<std::size_t>(num_layers), kNotMeasured);
    for (std::size_t i = 0; i < std::min(layers.size(), single.size()); ++i) {
        if (inside(layers[i])) to.effects.single[static_cast<std::size_t>(layers[i])] = single[i];
    }
    const std::vector<std::int64_t> first = reader.readIntegers("interact/first");
    const std::vector<std::int64_t> second = reader.readIntegers("interact/second");
    const std::vector<double> extra = reader.readNumbers("interact/extra");
    for (std::size_t i = 0; i < std::min({first.size(), second.size(), extra.size()}); ++i) {
        if (!inside(first[i]) || !inside(second[i]) || first[i] == second[i]) continue;
        const int a = static_cast<int>(first[i]), b = static_cast<int>(second[i]);
        to.effects.extra[{std::min(a, b), std::max(a, b)}] = extra[i];
    }
}

}  // namespace

Measurements measurementsOf(const RunReader& reader, const SpecFields& spec) {
    Measurements measured;
    const bool of_hybrid = !specField(spec, "hybrid").empty();
    if (lacksIdentity(reader)) measured.runs_without_identity = 1;
    if (reader.find("probes/identity")) readProbes(reader, spec, measured);
    if (of_hybrid) return measured;
    readChosen(reader, measured);
    if (reader.find("tried/objective")) readRemoved(reader, measured);
    if (reader.find("interact/single") && reader.find("interact/plan")) readPairMap(reader, measured);
    if (!measured.empty()) measured.branches = branchesOf(reader.header());
    return measured;
}

}  // namespace fm
