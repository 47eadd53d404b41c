#include "core/data/batch_source.h"

#include <algorithm>
#include <cmath>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/data/random.h"
#include "core/data/sample_check.h"

namespace fm {
namespace {

void append(std::vector<Problem>& problems, const InputError& error) {
    problems.insert(problems.end(), error.problems().begin(), error.problems().end());
}

std::vector<Problem> problemsOf(const BatchMix& mix) {
    std::vector<Problem> problems;
    if (mix.lengths.empty()) problems.push_back({"lengths", "[]", "at least one length in tokens"});
    for (std::int32_t length : mix.lengths)
        if (length < 2) problems.push_back({"lengths", std::to_string(length), "lengths of at least 2 tokens"});
    if (mix.tokens_per_batch < 1)
        problems.push_back({"tokens_per_batch", std::to_string(mix.tokens_per_batch), "at least 1"});
    double total = 0;
    for (const TaskShare& share : mix.tasks) {
        if (!(share.share >= 0 && std::isfinite(share.share)))
            problems.push_back({"tasks." + share.task, std::to_string(share.share), "a share of at least 0"});
        total += share.share;
    }
    if (!(total > 0)) problems.push_back({"tasks", "no task with a share above 0", "at least one task"});
    return problems;
}

}  // namespace

TokenId paddingId(const Tokenizer& tokenizer) {
    const TokenId id = tokenizer.idOf("<|endoftext|>");
    return id >= 0 ? id : 0;
}

BatchSource::BatchSource(BatchMix mix, TaskResources resources, std::uint64_t seed)
    : mix_(std::move(mix)), resources_(std::move(resources)), seed_(seed) {
    resources_.part = mix_.held_out ? TextCorpus::Part::HeldOut : TextCorpus::Part::Train;
    resources_.vary_haystack = true;
    std::vector<Problem> problems = problemsOf(mix_);
    const std::int32_t shortest =
        mix_.lengths.empty() ? 0 : *std::min_element(mix_.lengths.begin(), mix_.lengths.end());
    const auto add = [&](const std::string& name) -> std::unique_ptr<Task> {
        try {
            std::unique_ptr<Task> task = makeTask(name, resources_);
            if (shortest >= 2) task->make(0, shortest);  // a length that cannot work is said now, not in step 1000
            return task;
        } catch (const InputError& error) {
            append(problems, error);
            return nullptr;
        }
    };
    for (const TaskShare& share : mix_.tasks) tasks_.push_back(add(share.task));
    if (!problems.empty()) throw InputError(std::move(problems));
}

// The task of a sample, drawn by share.
const Task& BatchSource::taskOf(std::uint64_t sample_seed, Among among) const {
    const auto share = [&](std::size_t i) {
        const bool text = mix_.tasks[i].task == "text";
        const bool counts = among == Among::All || text == (among == Among::Text);
        return counts ? mix_.tasks[i].share : 0.0;
    };
    double total = 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) total += share(i);
    double left = Rng(deriveSeed(sample_seed, hashName("task"))).uniform() * total;
    std::size_t last = 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (share(i) <= 0) continue;
        last = i;
        left -= share(i);
        if (left < 0) break;
    }
    return *tasks_[last];
}

std::int32_t BatchSource::sequencesOf(std::uint64_t batch_seed, std::int32_t length) const {
    const std::int32_t count = std::max(1, mix_.tokens_per_batch / length);
    if (!mix_.always_asks || count > 1) return count;
    double text = 0, total = 0;
    for (const TaskShare& share : mix_.tasks) {
        total += share.share;
        if (share.task == "text") text += share.share;
    }
    // A share s of all sequences is text when s / (1 - s) of them join one that asks.
    const double joins = total > text ? text / (total - text) : 0;
    return Rng(deriveSeed(batch_seed, hashName("text joins"))).uniform() < joins ? 2 : 1;
}

Batch BatchSource::batch(std::int64_t index) const {
    const auto i = static_cast<std::uint64_t>(index);
    Rng rng(deriveSeed(seed_, i, 0));
    const std::int32_t length = mix_.lengths[rng.below(mix_.lengths.size())];
    const std::int32_t count = sequencesOf(deriveSeed(seed_, i, 0), length);
    const bool joined = mix_.always_asks && mix_.tokens_per_batch < 2 * length && count == 2;
    std::vector<Sample> samples;
    samples.reserve(static_cast<std::size_t>(count));
    for (std::int32_t j = 0; j < count; ++j) {
        const std::uint64_t drawn = deriveSeed(seed_, i, 1 + static_cast<std::uint64_t>(j));
        const std::uint64_t sample_seed = mix_.held_out ? drawn | kHeldOutBit : drawn & ~kHeldOutBit;
        const Among among = !mix_.always_asks ? Among::All : j == 0 ? Among::Asking : joined ? Among::Text : Among::All;
        const Task& task = taskOf(sample_seed, among);
        samples.push_back(task.make(sample_seed, length));
        FM_ASSERT(checkSample(samples.back(), *resources_.tokenizer).empty(),
                  "a task makes samples that fit their own description");
    }
    return packBatch(std::move(samples), paddingId(*resources_.tokenizer));
}

Batch packBatch(std::vector<Sample> samples, TokenId padding) {
    Batch batch;
    batch.batch = static_cast<std::int32_t>(samples.size());
    for (const Sample& sample : samples)
        batch.tokens = std::max(batch.tokens, static_cast<std::int32_t>(sample.ids.size()));
    const std::size_t total = samples.size() * static_cast<std::size_t>(batch.tokens);
    batch.ids_BT.assign(total, padding);
    batch.answer_BT.assign(total, 0);
    batch.valid_BT.assign(total, 0);
    for (std::size_t row = 0; row < samples.size(); ++row) {
        const Sample& sample = samples[row];
        const auto at = static_cast<std::ptrdiff_t>(row * static_cast<std::size_t>(batch.tokens));
        std::copy(sample.ids.begin(), sample.ids.end(), batch.ids_BT.begin() + at);
        std::fill_n(batch.valid_BT.begin() + at, sample.ids.size(), std::uint8_t{1});
        for (const Answer& answer : sample.answers)
            std::fill_n(batch.answer_BT.begin() + at + answer.begin, answer.length, std::uint8_t{1});
    }
    batch.samples = std::move(samples);
    return batch;
}

}  // namespace fm
