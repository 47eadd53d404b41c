#include "core/data/text_task.h"

#include "core/data/task_parts.h"

namespace fm {

TextTask::TextTask(const TaskResources& resources) : resources_(resources) { requireCorpus(name_, resources_); }

Sample TextTask::make(std::uint64_t seed, std::int32_t tokens, double, std::int32_t) const {
    if (tokens < 1) throwTooShort(name_, tokens, 1);
    Sample sample = emptySample(name_, seed, tokens);
    sample.ids = resources_.corpus->window(resources_.part, deriveSeed(seed, hashName(name_)), tokens);
    return sample;
}

}  // namespace fm
