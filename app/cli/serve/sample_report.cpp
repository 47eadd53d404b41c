#include "app/cli/serve/sample_report.h"

#include <charconv>

#include "core/data/needle_text.h"
#include "core/data/tasks.h"
#include "core/model/hybrid_model.h"
#include "core/run/error.h"
#include "core/store/run_reader.h"

namespace fm::cli {

namespace {

struct StoredSample {
    std::string task, expected, given;
    std::int64_t tokens = 0;
    double depth = 0;
    std::uint64_t seed = 0;
    double recall = 0;
    bool exact = false;
    std::size_t answer = 0;  // which answer of its sequence
};

std::uint64_t seedOf(const RunReader& reader, const std::string& text) {
    std::uint64_t seed = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        throw FormatError(reader.path() + ": eval/samples/seed: \"" + text + "\" is no seed");
    return seed;
}

StoredSample readSample(const RunReader& reader, std::int64_t index) {
    const std::optional<int> table = reader.findTable("samples");
    if (!table) throw InputError(Problem{"run", reader.header().run_id, "an eval run, which has samples"});
    const std::int64_t rows = reader.rows(*table);
    if (index < 0 || index >= rows)
        throw InputError(Problem{"index", std::to_string(index), "a sample from 0 to " + std::to_string(rows - 1)});
    const auto text = [&](const char* column) { return reader.readTexts(column, index, 1).at(0); };
    StoredSample sample;
    sample.task = text("eval/samples/task");
    sample.expected = text("eval/samples/expected");
    sample.given = text("eval/samples/given");
    sample.tokens = reader.readIntegers("eval/samples/tokens", index, 1).at(0);
    sample.depth = reader.readNumbers("eval/samples/depth", index, 1).at(0);
    sample.seed = seedOf(reader, text("eval/samples/seed"));
    sample.recall = reader.readNumbers("eval/samples/recall", index, 1).at(0);
    sample.exact = reader.readIntegers("eval/samples/exact", index, 1).at(0) != 0;
    // Answers of one sequence stand one after the other.
    const std::vector<std::string> seeds = reader.readTexts("eval/samples/seed", 0, index + 1);
    const std::vector<std::string> tasks = reader.readTexts("eval/samples/task", 0, index + 1);
    for (std::int64_t row = index - 1; row >= 0 && seeds[static_cast<std::size_t>(row)] == seeds.back() &&
                                       tasks[static_cast<std::size_t>(row)] == tasks.back();
         --row)
        ++sample.answer;
    return sample;
}

// The gates as they ended, or null where the study has no gate run.
nlohmann::json newestGates(const Study& study) {
    try {
        const std::string run = newestRun(study, "gates", "run");
        const RunReader reader(study.runPath(run));
        const std::int64_t steps = reader.rows(reader.findTable("steps").value());
        return {{"run", run}, {"alpha", reader.readVectors("gates/alpha", steps - 1, 1).values}};
    } catch (const InputError&) {
        return nullptr;
    }
}

nlohmann::json needleRanges(const Sample& sample, const Answer& answer, const Tokenizer& tokenizer) {
    nlohmann::json ranges = nlohmann::json::array();
    for (const CharacterRange& range : needleCharacters(sample, answer, tokenizer))
        ranges.push_back({{"begin", range.begin}, {"end", range.end}});
    return ranges;
}

}  // namespace

nlohmann::json sampleReport(StudySession& session, const std::string& run_path, std::int64_t index) {
    const RunReader reader(run_path);
    const StoredSample stored = readSample(reader, index);
    TaskResources resources = session.resources();
    resources.part = TextCorpus::Part::HeldOut;
    const Sample sample =
        makeTask(stored.task, resources)->make(stored.seed, static_cast<std::int32_t>(stored.tokens), stored.depth);
    if (stored.answer >= sample.answers.size() || sample.answers[stored.answer].text != stored.expected)
        throw WorldError(run_path + ": sample " + std::to_string(index) +
                         " cannot be made again: the study's text or the program has changed since");
    const Answer& answer = sample.answers[stored.answer];
    const std::vector<TokenId> prompt(sample.ids.begin(), sample.ids.begin() + answer.begin);
    const std::vector<TokenId> teachers =
        generateGreedy(teacherModel(session.weights()), prompt, answer.length, session.config().eos_ids);
    return {{"task", stored.task},
            {"tokens", stored.tokens},
            {"depth", stored.depth},
            {"seed", std::to_string(stored.seed)},
            {"prompt", session.tokenizer()->decode(prompt)},
            {"ids", prompt},
            {"needle_begin", answer.needle_begin},
            {"needle", needleRanges(sample, answer, *session.tokenizer())},
            {"needle_depth", answer.depth},
            {"expected", stored.expected},
            {"given", stored.given},
            {"teacher", session.tokenizer()->decode(teachers)},
            {"recall", stored.recall},
            {"exact", stored.exact},
            {"gates", newestGates(session.study())}};
}

}  // namespace fm::cli
