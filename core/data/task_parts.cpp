#include "core/data/task_parts.h"

#include "core/base/error.h"

namespace fm {

Rng taskRng(const std::string& name, const TaskResources& resources, std::uint64_t seed) {
    const std::uint64_t part = resources.part == TextCorpus::Part::HeldOut ? 1 : 0;
    return Rng(deriveSeed(seed, hashName(name), part));
}

Sample emptySample(const std::string& name, std::uint64_t seed, std::int32_t tokens) {
    Sample sample;
    sample.task = name;
    sample.seed = seed;
    sample.requested_length = tokens;
    sample.ids.reserve(static_cast<std::size_t>(tokens));
    return sample;
}

void askOneByOne(Sample& sample, std::int32_t margin) {
    sample.one_line = true;
    sample.questions.clear();
    for (std::size_t i = 0; i < sample.answers.size(); ++i) {
        const Answer& answer = sample.answers[i];
        sample.questions.push_back({static_cast<std::int32_t>(i), 1, answer.length + margin, answer.depth});
    }
}

void throwTooShort(const std::string& name, std::int32_t tokens, std::int32_t minimum) {
    throw InputError(Problem{"lengths", std::to_string(tokens),
                             "at least " + std::to_string(minimum) + " tokens for the task " + name});
}

void requireCorpus(const std::string& name, const TaskResources& resources) {
    if (resources.corpus && resources.corpus->numTokens(resources.part) > 0) return;
    const std::string part = resources.part == TextCorpus::Part::HeldOut ? "held-out " : "";
    throw InputError(
        Problem{"corpus", "no " + part + "text", "a text folder: the task " + name + " reads " + part + "text"});
}

}  // namespace fm
