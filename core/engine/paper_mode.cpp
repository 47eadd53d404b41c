#include "core/engine/paper_mode.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/base/error.h"

namespace fm {
namespace {

constexpr int kLengthStep = 1000, kLongest = 16000;
constexpr int kKeys = 10, kWords = 32;

bool fits(const std::string& task_name, std::int64_t tokens, const TaskResources& resources) {
    const std::unique_ptr<Task> task =
        makeTask(task_name, resources);  // what is wrong with a name is not about lengths
    try {
        task->make(0, static_cast<std::int32_t>(tokens));
        return true;
    } catch (const InputError&) {
        return false;
    }
}

std::string passkeysNamed(int keys, int words) {
    return "passkey" + std::to_string(keys) + "x" + std::to_string(words);
}

struct Passkeys {
    int keys = 0, words = 0;
    // The share of the published numbers that both keep, then what is asked in all.
    std::tuple<int, int> rank() const { return {std::min(kWords * keys, kKeys * words), keys * words}; }
};

Passkeys largestPasskeys(std::int64_t tokens, const TaskResources& resources) {
    Passkeys best;
    for (int keys = kKeys; keys >= 1; --keys) {
        for (int words = kWords; words >= 1; --words) {
            const Passkeys tried{keys, words};
            if (tried.rank() <= best.rank()) break;
            if (!fits(passkeysNamed(keys, words), tokens, resources)) continue;
            best = tried;
            break;
        }
    }
    return best;
}

void fitPasskeys(std::int64_t tokens, const std::string& room, const TaskResources& resources, PaperFit& fit) {
    fit.spec.tasks = {"passkey"};
    if (fits("passkey", tokens, resources)) return;
    const Passkeys passkeys = largestPasskeys(tokens, resources);
    if (passkeys.keys == 0) {
        throw InputError(Problem{"tasks", "", "tasks that fit " + room + ": not even one passkey of one word does"});
    }
    fit.spec.tasks = {passkeysNamed(passkeys.keys, passkeys.words)};
    fit.remarks.push_back("the passkeys are " + std::to_string(passkeys.keys) + " of " +
                          std::to_string(passkeys.words) + " words, because the published 10 of 32 need more than " +
                          room);
}

void fitLengths(std::int64_t context, const TaskResources& resources, PaperFit& fit) {
    const auto fitAll = [&](int length) {
        return std::all_of(fit.spec.tasks.begin(), fit.spec.tasks.end(),
                           [&](const std::string& task) { return fits(task, length, resources); });
    };
    for (int length = kLengthStep; length <= std::min<std::int64_t>(kLongest, context); length += kLengthStep) {
        // Whatever fits a length fits every longer one.
        if (!fit.spec.lengths.empty() || fitAll(length)) fit.spec.lengths.push_back(length);
    }
    if (fit.spec.lengths.empty()) fit.spec.lengths = {static_cast<int>(std::min<std::int64_t>(kLongest, context))};
    const int first = fit.spec.lengths.front(), last = fit.spec.lengths.back();
    if (first == kLengthStep && last == kLongest) return;
    std::string remark = "contexts have " + std::to_string(first);
    if (last > first) remark += " to " + std::to_string(last);
    remark += " tokens instead of the published 1000 to 16000:";
    if (last < kLongest) remark += " the teacher's context is " + std::to_string(context);
    if (first > kLengthStep) remark += std::string(last < kLongest ? ", and" : "") + " the tasks fit no shorter ones";
    fit.remarks.push_back(remark);
}

void fitSteps(PaperFit& fit) {
    double tokens = 0;
    for (const int length : fit.spec.lengths) {
        const std::int64_t batches = fit.spec.micro_batches;
        const std::int64_t sequences = batches * std::max<std::int64_t>(1, fit.spec.tokens_per_step / batches / length);
        tokens += static_cast<double>(sequences * length) / static_cast<double>(fit.spec.lengths.size());
    }
    fit.spec.steps = std::max<std::int64_t>(1, std::llround(kPaperTokens / tokens));
    fit.remarks.push_back(std::to_string(fit.spec.steps) + " steps read the published 20M tokens");
}

}  // namespace

PaperFit fitPaperMode(GatesSpec spec, std::int64_t context, const TaskResources& resources) {
    PaperFit fit{std::move(spec), {}};
    const std::vector<int>& lengths = fit.spec.lengths;
    if (fit.spec.tasks.empty()) {
        const std::int64_t room = lengths.empty() ? std::min<std::int64_t>(kLongest, context)
                                                  : *std::min_element(lengths.begin(), lengths.end());
        const std::string words = std::to_string(room) + " tokens";
        fitPasskeys(room, lengths.empty() ? "the teacher's context of " + words : words, resources, fit);
    }
    if (lengths.empty()) fitLengths(context, resources, fit);
    if (fit.spec.steps == 0) fitSteps(fit);
    return fit;
}

}  // namespace fm
