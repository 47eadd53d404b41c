#include "core/engine/evaluate.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/data/answer_room.h"
#include "core/data/random.h"
#include "core/engine/retrieval_answer.h"

namespace fm {
namespace {

constexpr int kCellsTable = 0, kSamplesTable = 1, kScoresTable = 2;
constexpr std::size_t kAnswerBytes = 1024;

// Cut at a character border; the mark shows that something is missing.
std::string fitted(const std::string& text) {
    constexpr std::string_view kMark = " [cut]";
    if (text.size() <= kAnswerBytes) return text;
    return text.substr(0, utf8PrefixLength(text, kAnswerBytes - kMark.size())).append(kMark);
}

// One stratum for each cell.
struct Scores {
    Strata recalls, exacts, teachers;

    void add(const Scores& more) {
        recalls.insert(recalls.end(), more.recalls.begin(), more.recalls.end());
        exacts.insert(exacts.end(), more.exacts.begin(), more.exacts.end());
        teachers.insert(teachers.end(), more.teachers.begin(), more.teachers.end());
    }
    EvaluateScore score() const {
        EvaluateScore score{recalls, boundedMean(recalls, 0, 1), boundedMean(exacts, 0, 1).value, std::nullopt};
        const Estimate teacher = boundedMean(teachers, 0, 1);
        if (teacher.known()) score.teacher_recall = teacher.value;
        return score;
    }
};

Row scoreRow(Row row, const EvaluateScore& score) {
    row.insert(row.end(), {score.recall.n, score.recall.value, score.recall.low, score.recall.high, score.exact_match});
    if (score.teacher_recall) row.emplace_back(*score.teacher_recall);
    return row;
}

class EvaluateRun {
public:
    EvaluateRun(const EvaluateSpec& spec, const EvaluateInputs& inputs, JobContext& context)
        : spec_(spec), inputs_(inputs), resources_(inputs.resources), context_(context) {
        resources_.part = TextCorpus::Part::HeldOut;
        stops_ = StopTokens::make(inputs_.model.weights->config, resources_);
    }
    EvaluateResult run();

private:
    void check() const;
    void checkTasks(std::vector<Problem>& problems) const;
    double depthAt(std::int64_t index) const;
    Scores cell(const Task& task, std::int32_t tokens, double depth);
    void ask(const Task& task, std::uint64_t seed, const EvaluateCell& cell, std::int64_t sequence, Scores& scores);

    EvaluateSpec spec_;
    const EvaluateInputs& inputs_;
    TaskResources resources_;
    JobContext& context_;
    StopTokens stops_;
    EvaluateResult result_;
};

// One sample of each task at each length is made beforehand, so that nothing fails half way through the grid.
void EvaluateRun::checkTasks(std::vector<Problem>& problems) const {
    for (const std::string& name : spec_.tasks) {
        try {
            const std::unique_ptr<Task> task = makeTask(name, resources_);
            for (const int tokens : spec_.lengths) {
                if (!makeWithRoom(*task, 0, tokens, -1, 0, static_cast<std::int32_t>(spec_.new_tokens)).answers.empty())
                    continue;
                problems.push_back({"tasks", name, "a task that asks something"});
                break;
            }
        } catch (const InputError& error) {
            problems.insert(problems.end(), error.problems().begin(), error.problems().end());
        }
    }
}

void EvaluateRun::check() const {
    const std::int64_t context = inputs_.model.weights->config.max_position;
    std::vector<Problem> problems;
    checkTasks(problems);
    for (const int length : spec_.lengths) {
        if (context <= 0 || length <= context) continue;
        problems.push_back({"lengths", std::to_string(length),
                            "at most the model's context of " + std::to_string(context) + " tokens"});
    }
    if (spec_.lengths.empty()) problems.push_back({"lengths", "[]", "at least one context length"});
    if (spec_.tasks.empty()) problems.push_back({"tasks", "[]", "at least one retrieval task"});
    if (!problems.empty()) throw InputError(problems);
}

double EvaluateRun::depthAt(std::int64_t index) const {
    return spec_.depths == 1 ? 0.5 : static_cast<double>(index) / static_cast<double>(spec_.depths - 1);
}

void EvaluateRun::ask(const Task& task, std::uint64_t seed, const EvaluateCell& cell, std::int64_t sequence,
                      Scores& scores) {
    const Sample sample = makeWithRoom(task, seed, cell.tokens, cell.depth, static_cast<std::int32_t>(sequence),
                                       static_cast<std::int32_t>(spec_.new_tokens));
    const Question& question = sample.questions[static_cast<std::size_t>(sample.placed)];
    const Tokenizer& tokenizer = *resources_.tokenizer;
    const RetrievalAnswer answer = answerQuestion(inputs_.model, sample, question, stops_, tokenizer);
    scores.recalls.back().push_back(answer.recall);
    scores.exacts.back().push_back(answer.exact ? 1 : 0);
    if (inputs_.teacher) {
        const HybridModel teacher = teacherModel(*inputs_.teacher);
        scores.teachers.back().push_back(answerQuestion(teacher, sample, question, stops_, tokenizer).recall);
    }
    context_.append(kSamplesTable,
                    {cell.task, std::int64_t{cell.tokens}, cell.depth, question.depth, std::to_string(seed), sequence,
                     std::int64_t{sample.placed}, fitted(referencesText(sample, question)), fitted(answer.text),
                     answer.recall, std::int64_t{answer.exact ? 1 : 0}});
}

Scores EvaluateRun::cell(const Task& task, std::int32_t tokens, double depth) {
    // The seed depends on the cell alone, so that a smaller grid draws the same samples where cells coincide.
    const std::uint64_t place = static_cast<std::uint64_t>(std::llround(depth * 1e6));
    const std::uint64_t cell_seed = deriveSeed(static_cast<std::uint64_t>(spec_.seed) ^ hashName(task.name()),
                                               static_cast<std::uint64_t>(tokens), place);
    EvaluateCell cell{task.name(), tokens, depth, {}};
    Scores scores{{{}}, {{}}, {{}}};
    for (std::int64_t i = 0; i < spec_.samples; ++i) {
        context_.checkpointGate(false);
        ask(task, deriveSeed(cell_seed, static_cast<std::uint64_t>(i)), cell, i, scores);
    }
    cell.score = scores.score();
    context_.append(kCellsTable, scoreRow({cell.task, std::int64_t{tokens}, depth}, cell.score));
    result_.cells.push_back(std::move(cell));
    return scores;
}

EvaluateResult EvaluateRun::run() {
    check();
    const std::int64_t total = static_cast<std::int64_t>(spec_.tasks.size() * spec_.lengths.size()) * spec_.depths;
    Scores all;
    for (const std::string& name : spec_.tasks) {
        const std::unique_ptr<Task> task = makeTask(name, resources_);
        Scores of_task;
        for (const int tokens : spec_.lengths) {
            for (std::int64_t d = 0; d < spec_.depths; ++d) {
                context_.checkpointGate(true);
                of_task.add(cell(*task, tokens, depthAt(d)));
                context_.progress(static_cast<std::int64_t>(result_.cells.size()), total, "cells");
            }
        }
        result_.tasks.push_back({name, of_task.score()});
        all.add(of_task);
    }
    result_.all = all.score();
    for (const EvaluateTask& task : result_.tasks) context_.append(kScoresTable, scoreRow({task.task}, task.score));
    context_.append(kScoresTable, scoreRow({std::string("all")}, result_.all));
    return result_;
}

Column textColumn(const char* path, int bytes, const char* help) { return {path, CellType::Text, bytes, "", help}; }
Column countColumn(const char* path, const char* unit, const char* help) {
    return {path, CellType::Int64, 1, unit, help};
}

// What scoreRow() appends.
void addScoreColumns(const std::string& group, bool with_teacher, std::vector<Column>& columns) {
    const auto add = [&](const char* name, const char* help) {
        columns.push_back(scalarColumn((group + name).c_str(), "1", help));
    };
    columns.push_back(countColumn((group + "/sequences").c_str(), "sequences", "sequences measured, a question each"));
    add("/recall", "share of the references that the answers contain");
    add("/recall_low", "lower end of its 95 % interval");
    add("/recall_high", "upper end of its 95 % interval");
    add("/exact_match", "answers that begin with the expected tokens");
    if (with_teacher) add("/teacher_recall", "share of the references that the teacher's own answers contain");
}

}  // namespace

std::vector<Table> evaluateTables(bool with_teacher) {
    std::vector<Table> tables = {
        {"cells",
         {textColumn("eval/cells/task", 32, "retrieval task"),
          countColumn("eval/cells/tokens", "tokens", "context length, generated tokens included"),
          scalarColumn("eval/cells/depth", "1", "where the asked needle stands, 0 start, 1 end")}},
        {"samples",
         {textColumn("eval/samples/task", 32, "retrieval task"),
          countColumn("eval/samples/tokens", "tokens", "context length, generated tokens included"),
          scalarColumn("eval/samples/depth", "1", "depth of the cell"),
          scalarColumn("eval/samples/needle_depth", "1", "where the needle of this question stands"),
          textColumn("eval/samples/seed", 20, "seed that makes the prompt again"),
          countColumn("eval/samples/sequence", "", "number of the sequence in its cell"),
          countColumn("eval/samples/question", "", "which of the sequence's questions was asked"),
          textColumn("eval/samples/expected", static_cast<int>(kAnswerBytes), "the references, commas between"),
          textColumn("eval/samples/given", static_cast<int>(kAnswerBytes), "generated answer"),
          scalarColumn("eval/samples/recall", "1", "share of the references that the answer contains"),
          countColumn("eval/samples/exact", "", "1 when the generated tokens begin with the expected ones")}},
        {"scores", {textColumn("eval/scores/task", 32, "retrieval task; all: the mean over tasks")}}};
    addScoreColumns("eval/cells", with_teacher, tables[kCellsTable].columns);
    addScoreColumns("eval/scores", with_teacher, tables[kScoresTable].columns);
    return tables;
}

EvaluateResult runEvaluate(const EvaluateSpec& spec, const EvaluateInputs& inputs, JobContext& context) {
    return EvaluateRun(spec, inputs, context).run();
}

}  // namespace fm
