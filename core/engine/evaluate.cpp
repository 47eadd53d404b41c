#include "core/engine/evaluate.h"

#include <algorithm>
#include <cmath>

#include "core/data/random.h"
#include "core/data/scoring.h"
#include "core/run/error.h"
#include "core/run/intervals.h"

namespace fm {
namespace {

constexpr int kCellsTable = 0, kSamplesTable = 1;
constexpr int kAnswerBytes = 1024;

// Cut at a character border; the mark shows that something is missing.
std::string fitted(const std::string& text) {
    constexpr const char* kMark = " [cut]";
    if (text.size() <= kAnswerBytes) return text;
    std::size_t size = kAnswerBytes - 6;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    return text.substr(0, size) + kMark;
}

struct Scored {
    double recall = 0;
    bool exact = false;
};

class EvaluateRun {
public:
    EvaluateRun(const EvaluateSpec& spec, const EvaluateInputs& inputs, JobContext& context)
        : spec_(spec), inputs_(inputs), context_(context), config_(inputs.model.weights->config) {}
    EvaluateResult run();

private:
    void check() const;
    void checkTasks(std::vector<Problem>& problems) const;
    EvaluateCell cell(const Task& task, std::int32_t tokens, double depth);
    Scored answerOne(const Sample& sample, const Answer& answer, const EvaluateCell& cell);

    EvaluateSpec spec_;
    const EvaluateInputs& inputs_;
    JobContext& context_;
    const ModelConfig& config_;
    std::vector<float> recalls_;
    std::int64_t exact_ = 0;
};

// One sample of each task at each length is made beforehand, so that nothing fails half way through the grid.
void EvaluateRun::checkTasks(std::vector<Problem>& problems) const {
    for (const std::string& name : spec_.tasks) {
        try {
            const std::unique_ptr<Task> task = makeTask(name, inputs_.resources);
            for (const int tokens : spec_.lengths) {
                if (!task->make(0, tokens).answers.empty()) continue;
                problems.push_back({"tasks", name, "a task that asks something"});
                break;
            }
        } catch (const InputError& error) {
            problems.insert(problems.end(), error.problems().begin(), error.problems().end());
        }
    }
}

void EvaluateRun::check() const {
    std::vector<Problem> problems;
    checkTasks(problems);
    for (const int length : spec_.lengths) {
        if (config_.max_position > 0 && length > config_.max_position) {
            problems.push_back({"lengths", std::to_string(length),
                                "at most the model's context of " + std::to_string(config_.max_position) + " tokens"});
        }
    }
    if (spec_.lengths.empty()) problems.push_back({"lengths", "[]", "at least one context length"});
    if (spec_.tasks.empty()) problems.push_back({"tasks", "[]", "at least one retrieval task"});
    if (!problems.empty()) throw InputError(problems);
}

// The gold prefix up to the answer is the prompt, so that answers of one sequence are judged independently.
Scored EvaluateRun::answerOne(const Sample& sample, const Answer& answer, const EvaluateCell& cell) {
    const std::vector<TokenId> prompt(sample.ids.begin(), sample.ids.begin() + answer.begin);
    const std::vector<TokenId> expected(sample.ids.begin() + answer.begin,
                                        sample.ids.begin() + answer.begin + answer.length);
    std::int64_t budget = std::max<std::int64_t>(spec_.new_tokens, answer.length);
    if (config_.max_position > 0)
        budget = std::min(budget, config_.max_position - static_cast<std::int64_t>(prompt.size()));
    const std::vector<TokenId> given = generateGreedy(inputs_.model, prompt, budget, config_.eos_ids);
    const std::string text = inputs_.resources.tokenizer->decode(given);
    Scored scored;
    scored.recall = stringMatchAll(text, {answer.text});
    scored.exact = given.size() >= expected.size() && std::equal(expected.begin(), expected.end(), given.begin());
    context_.append(kSamplesTable,
                    {cell.task, std::int64_t{cell.tokens}, cell.depth, answer.depth, std::to_string(sample.seed),
                     fitted(answer.text), fitted(text), scored.recall, std::int64_t{scored.exact ? 1 : 0}});
    return scored;
}

EvaluateCell EvaluateRun::cell(const Task& task, std::int32_t tokens, double depth) {
    // The seed depends on the cell alone, so that a smaller grid draws the same samples where cells coincide.
    const std::uint64_t place = static_cast<std::uint64_t>(std::llround(depth * 1e6));
    const std::uint64_t cell_seed = deriveSeed(static_cast<std::uint64_t>(spec_.seed) ^ hashName(task.name()),
                                               static_cast<std::uint64_t>(tokens), place);
    EvaluateCell cell{task.name(), tokens, depth, 0, 0, 0};
    double recall = 0;
    std::int64_t exact = 0;
    for (std::int64_t i = 0; i < spec_.samples; ++i) {
        context_.checkpointGate(false);
        const Sample sample = task.make(deriveSeed(cell_seed, static_cast<std::uint64_t>(i)), tokens, depth);
        for (const Answer& answer : sample.answers) {
            const Scored scored = answerOne(sample, answer, cell);
            recall += scored.recall;
            exact += scored.exact ? 1 : 0;
            recalls_.push_back(static_cast<float>(scored.recall));
            ++cell.samples;
        }
    }
    cell.recall = recall / static_cast<double>(cell.samples);
    cell.exact_match = static_cast<double>(exact) / static_cast<double>(cell.samples);
    exact_ += exact;
    context_.append(kCellsTable, {cell.task, std::int64_t{tokens}, depth, cell.samples, cell.recall, cell.exact_match});
    return cell;
}

EvaluateResult EvaluateRun::run() {
    check();
    EvaluateResult result;
    TaskResources resources = inputs_.resources;
    resources.part = TextCorpus::Part::HeldOut;
    const std::int64_t total = static_cast<std::int64_t>(spec_.tasks.size() * spec_.lengths.size()) * spec_.depths;
    for (const std::string& name : spec_.tasks) {
        const std::unique_ptr<Task> task = makeTask(name, resources);
        for (const int tokens : spec_.lengths) {
            for (std::int64_t d = 0; d < spec_.depths; ++d) {
                context_.checkpointGate(true);
                const double depth =
                    spec_.depths == 1 ? 0.5 : static_cast<double>(d) / static_cast<double>(spec_.depths - 1);
                result.cells.push_back(cell(*task, tokens, depth));
                context_.progress(static_cast<std::int64_t>(result.cells.size()), total, "cells");
            }
        }
    }
    result.samples = static_cast<std::int64_t>(recalls_.size());
    for (const float recall : recalls_) result.recall += recall / static_cast<double>(result.samples);
    result.exact_match = static_cast<double>(exact_) / static_cast<double>(std::max<std::int64_t>(1, result.samples));
    const Estimate recall = boundedMean({{recalls_.begin(), recalls_.end()}}, 0, 1);
    result.half_width = (recall.high - recall.low) / 2;
    return result;
}

}  // namespace

std::vector<Table> evaluateTables() {
    const Column task{"", CellType::Text, 32, "", "retrieval task"};
    const auto named = [](Column column, const char* path) {
        column.path = path;
        return column;
    };
    const auto integer = [](const char* path, const char* unit, const char* help) {
        return Column{path, CellType::Int64, 1, unit, help};
    };
    return {{"cells",
             {named(task, "eval/cells/task"), integer("eval/cells/tokens", "tokens", "context length"),
              scalarColumn("eval/cells/depth", "1", "where the asked needle stands, 0 start, 1 end"),
              integer("eval/cells/samples", "answers", "answers in the cell"),
              scalarColumn("eval/cells/recall", "1", "mean share of expected values contained in the answer"),
              scalarColumn("eval/cells/exact_match", "1", "generated tokens begin with the expected ones")}},
            {"samples",
             {named(task, "eval/samples/task"),
              integer("eval/samples/tokens", "tokens", "context length"),
              scalarColumn("eval/samples/depth", "1", "depth of the cell"),
              scalarColumn("eval/samples/needle_depth", "1", "depth of this answer's needle"),
              {"eval/samples/seed", CellType::Text, 20, "", "seed that makes the prompt again"},
              {"eval/samples/expected", CellType::Text, kAnswerBytes, "", "expected answer"},
              {"eval/samples/given", CellType::Text, kAnswerBytes, "", "generated answer"},
              scalarColumn("eval/samples/recall", "1", "share of expected values contained in the answer"),
              integer("eval/samples/exact", "", "1 when the generated tokens begin with the expected ones")}}};
}

EvaluateResult runEvaluate(const EvaluateSpec& spec, const EvaluateInputs& inputs, JobContext& context) {
    return EvaluateRun(spec, inputs, context).run();
}

}  // namespace fm
