#include "core/data/probe_design.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/batch_source.h"
#include "core/data/random.h"
#include "core/plan/probe_scores.h"

namespace fm {
namespace {

// Raised whenever a generator makes another sequence from the same seed: scores before and after do not compare.
constexpr int kGenerators = 1;

void append(std::vector<Problem>& problems, const InputError& error) {
    problems.insert(problems.end(), error.problems().begin(), error.problems().end());
}

void updateText(Hasher& hasher, const std::string& text) {
    hasher.update(text.data(), text.size());
    hasher.update("\n", 1);
}

}  // namespace

std::int64_t probeSequences(std::size_t num_tasks, const std::vector<std::int32_t>& lengths, std::int64_t tokens) {
    const std::int64_t num_lengths = std::max<std::int64_t>(1, static_cast<std::int64_t>(lengths.size()));
    const std::int64_t round_tokens =
        std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}) * static_cast<std::int64_t>(num_tasks + 1);
    const std::int64_t for_tasks = (kFewestSequences + num_lengths - 1) / num_lengths;
    const std::int64_t for_tokens = (tokens + round_tokens - 1) / std::max<std::int64_t>(1, round_tokens);
    return std::max(for_tasks, for_tokens);
}

ProbeSource::ProbeSource(ProbeDesign design, TaskResources resources)
    : design_(std::move(design)), resources_(std::move(resources)) {
    resources_.part = TextCorpus::Part::HeldOut;
    resources_.vary_haystack = true;
    std::vector<Problem> problems;
    if (design_.tasks.empty()) problems.push_back({"tasks", "[]", "at least one retrieval task"});
    if (design_.lengths.empty()) problems.push_back({"lengths", "[]", "at least one context length"});
    for (std::size_t i = 0; i < design_.tasks.size(); ++i) {
        const std::string& name = design_.tasks[i];
        if (std::count(design_.tasks.begin(), design_.tasks.end(), name) > 1) {
            problems.push_back({"tasks", name, "each task named once"});
            continue;
        }
        try {
            tasks_.push_back(makeTask(name, resources_));
            // One sample of each length is made now, so that nothing fails half way through the probe.
            for (const std::int32_t length : design_.lengths) {
                if (!tasks_.back()->make(0, length).answers.empty()) continue;
                problems.push_back({"tasks", name, "a task that asks something"});
                break;
            }
        } catch (const InputError& error) {
            append(problems, error);
        }
    }
    if (!problems.empty()) throw InputError(std::move(problems));
    const bool chooses = design_.purpose == "choose" || design_.purpose == "confirm";
    if (design_.sequences == 0) {
        design_.sequences =
            probeSequences(design_.tasks.size(), design_.lengths, chooses ? kChoosingTokens : kMeasuringTokens);
    }
    if (resources_.corpus) tasks_.push_back(makeTask(kTextTask, resources_));
}

std::int64_t ProbeSource::numBatches() const {
    return design_.sequences * static_cast<std::int64_t>(design_.lengths.size());
}

std::int64_t ProbeSource::numSequences() const { return numBatches() * static_cast<std::int64_t>(tasks_.size()); }

Batch ProbeSource::batch(std::int64_t index) const {
    const std::int64_t num_lengths = static_cast<std::int64_t>(design_.lengths.size());
    const std::int32_t length = design_.lengths[static_cast<std::size_t>(index % num_lengths)];
    const auto round = static_cast<std::uint64_t>(index / num_lengths);
    std::vector<Sample> samples;
    for (const std::unique_ptr<Task>& task : tasks_) {
        // Design seed, purpose, task, length and round each enter, so no two sequences of any probes share a seed.
        const std::uint64_t stream = deriveSeed(design_.seed, hashName(design_.purpose), hashName(task->name()));
        const std::uint64_t drawn = deriveSeed(stream, static_cast<std::uint64_t>(length), round);
        samples.push_back(task->make(drawn | kHeldOutBit, length));
    }
    return packBatch(std::move(samples), paddingId(*resources_.tokenizer));
}

std::string ProbeSource::identity() const {
    Hasher hasher;
    updateText(hasher, "probe " + std::to_string(kGenerators) + " " + design_.purpose + " " +
                           std::to_string(design_.seed) + " " + std::to_string(design_.sequences));
    for (const std::string& task : design_.tasks) updateText(hasher, task);
    for (const std::int32_t length : design_.lengths) updateText(hasher, std::to_string(length));
    updateText(hasher, resources_.chat_family);
    updateText(hasher, resources_.tokenizer->contentHash());
    if (resources_.corpus) {
        const std::span<const TokenId> text = resources_.corpus->tokens(TextCorpus::Part::HeldOut);
        hasher.update(text.data(), text.size_bytes());
    }
    return hasher.hex();
}

}  // namespace fm
