#include "core/serve/sample_report.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/error.h"
#include "core/data/answer_room.h"
#include "core/data/needle_text.h"
#include "core/engine/retrieval_answer.h"
#include "core/results/gate_run_plan.h"
#include "core/store/recorded_run.h"

namespace fm {

namespace {

struct StoredSample {
    std::string task, expected, given;
    std::int32_t tokens = 0;
    double depth = 0;
    std::uint64_t seed = 0;
    double recall = 0;
    bool exact = false;
    std::int32_t question = 0;    // which question of its sequence
    std::int32_t new_tokens = 0;  // as the run was told
    bool is_cut = false;          // of a run that cut each answer at the length of the expected one
};

std::int32_t newTokensOf(const RecordedRun& reader) {
    const nlohmann::json spec = nlohmann::json::parse(reader.header().spec_json, nullptr, false);
    if (!spec.is_object() || !spec.contains("new_tokens") || !spec["new_tokens"].is_number_integer())
        throw FormatError(reader.path() + ": spec_json: new_tokens: is not a number of tokens");
    return spec["new_tokens"].get<std::int32_t>();
}

// Runs of earlier versions asked every question of a sequence; their rows stand one after the other.
std::int32_t earlierQuestion(const RecordedRun& reader, std::int64_t index) {
    const std::vector<std::string> seeds = reader.readTexts("eval/samples/seed", 0, index + 1);
    const std::vector<std::string> tasks = reader.readTexts("eval/samples/task", 0, index + 1);
    std::int32_t question = 0;
    for (auto row = static_cast<std::size_t>(index); row > 0; --row, ++question)
        if (seeds[row - 1] != seeds.back() || tasks[row - 1] != tasks.back()) break;
    return question;
}

std::uint64_t seedOf(const RecordedRun& reader, const std::string& text) {
    std::uint64_t seed = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        throw FormatError(reader.path() + ": eval/samples/seed: \"" + text + "\" is no seed");
    return seed;
}

std::int32_t integerAt(const RecordedRun& reader, const char* column, std::int64_t index) {
    const double value = reader.readNumbers(column, index, 1).at(0);
    if (value != std::floor(value) || std::abs(value) > std::numeric_limits<std::int32_t>::max())
        throw FormatError(reader.path() + ": " + column + ": is no number of tokens or of a question");
    return static_cast<std::int32_t>(value);
}

StoredSample readSample(const RecordedRun& reader, std::int64_t index) {
    if (!reader.has("eval/samples/seed"))
        throw InputError(Problem{"run", reader.header().run_id, "an eval run, which has samples"});
    const std::int64_t rows = reader.rows("samples");
    if (index < 0 || index >= rows)
        throw InputError(Problem{"index", std::to_string(index), "a sample from 0 to " + std::to_string(rows - 1)});
    const auto text = [&](const char* column) { return reader.readTexts(column, index, 1).at(0); };
    StoredSample sample;
    sample.task = text("eval/samples/task");
    sample.expected = text("eval/samples/expected");
    sample.given = text("eval/samples/given");
    sample.tokens = integerAt(reader, "eval/samples/tokens", index);
    sample.depth = reader.readNumbers("eval/samples/depth", index, 1).at(0);
    sample.seed = seedOf(reader, text("eval/samples/seed"));
    sample.recall = reader.readNumbers("eval/samples/recall", index, 1).at(0);
    sample.exact = reader.readNumbers("eval/samples/exact", index, 1).at(0) != 0;
    sample.new_tokens = newTokensOf(reader);
    sample.is_cut = !reader.has("eval/samples/question");
    sample.question =
        sample.is_cut ? earlierQuestion(reader, index) : integerAt(reader, "eval/samples/question", index);
    return sample;
}

// The gates as they ended, or null where the study has no gate run.
nlohmann::json newestGates(const Study& study) {
    try {
        const std::string run = newestRun(study, "gates", "run");
        const std::unique_ptr<RecordedRun> reader = openRecordedRun(study.runPath(run));
        return {{"run", run}, {"alpha", reader->readVector("gates/alpha", reader->rows("steps") - 1)}};
    } catch (const InputError&) {
        return nullptr;
    }
}

nlohmann::json needleRanges(const Sample& sample, const Question& question, const Tokenizer& tokenizer) {
    nlohmann::json ranges = nlohmann::json::array();
    for (std::int32_t i = 0; i < question.count; ++i) {
        const Answer& answer = sample.answers[static_cast<std::size_t>(question.first + i)];
        for (const CharacterRange& range : needleCharacters(sample, answer, tokenizer))
            ranges.push_back({{"begin", range.begin}, {"end", range.end}});
    }
    return ranges;
}

// The sequence as the run made it; nullopt when text or program have changed since.
std::optional<Sample> madeAgain(const StoredSample& stored, const TaskResources& resources) {
    const std::unique_ptr<Task> task = makeTask(stored.task, resources);
    const std::int32_t tokens = stored.tokens;
    const auto question = static_cast<std::size_t>(stored.question);
    Sample sample = stored.is_cut
                        ? task->make(stored.seed, tokens, stored.depth)
                        : makeWithRoom(*task, stored.seed, tokens, stored.depth, stored.question, stored.new_tokens);
    if (stored.is_cut) {
        sample.one_line = false;
        sample.questions.clear();
        for (std::int32_t i = 0; const Answer& answer : sample.answers)
            sample.questions.push_back({i++, 1, std::max(stored.new_tokens, answer.length), answer.depth});
    }
    if (stored.question < 0 || question >= sample.questions.size()) return std::nullopt;
    if (referencesText(sample, sample.questions[question]) != stored.expected) return std::nullopt;
    return sample;
}

}  // namespace

nlohmann::json sampleReport(StudySession& session, const std::string& run_path, std::int64_t index) {
    const std::unique_ptr<RecordedRun> reader = openRecordedRun(run_path);
    const StoredSample stored = readSample(*reader, index);
    TaskResources resources = session.resources();
    resources.part = TextCorpus::Part::HeldOut;
    resources.chat_family = reader->header().chat_family;  // the study's may be another one by now
    const std::optional<Sample> sample = madeAgain(stored, resources);
    if (!sample)
        throw WorldError(run_path + ": sample " + std::to_string(index) +
                         " cannot be made again: the study's text or the program has changed since");
    const Question& question = sample->questions[static_cast<std::size_t>(stored.question)];
    const std::vector<TokenId> prompt = promptOf(*sample, question);
    const StopTokens stops = StopTokens::make(session.config(), resources);
    const Tokenizer& tokenizer = *session.tokenizer();
    const RetrievalAnswer teachers =
        answerQuestion(teacherModel(session.weights()), *sample, question, stops, tokenizer);
    return {{"task", stored.task},
            {"tokens", stored.tokens},
            {"depth", stored.depth},
            {"seed", std::to_string(stored.seed)},
            {"prompt", tokenizer.decode(prompt)},
            {"ids", prompt},
            {"needle_begin", sample->answers[static_cast<std::size_t>(question.first)].needle_begin},
            {"needle", needleRanges(*sample, question, tokenizer)},
            {"needle_depth", question.depth},
            {"expected", stored.expected},
            {"given", stored.given},
            {"teacher", teachers.text},
            {"recall", stored.recall},
            {"exact", stored.exact},
            {"gates", newestGates(session.study())}};
}

}  // namespace fm
