#include "core/data/task_parts.h"

#include "core/run/error.h"

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
