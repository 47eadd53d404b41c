// What all tasks share: their random stream, the empty sample, the refusal of a length.
#pragma once

#include "core/data/random.h"
#include "core/data/tasks.h"

namespace fm {

// The stream of one sample: a function of (task name, corpus part, seed).
Rng taskRng(const std::string& name, const TaskResources& resources, std::uint64_t seed);

Sample emptySample(const std::string& name, std::uint64_t seed, std::int32_t tokens);

// Makes every answer a question of its own, with as many tokens to generate as it has and `margin` more, up to the end
// of the line.
void askOneByOne(Sample& sample, std::int32_t margin);

// Throws the InputError that names the shortest length that this task can fill.
[[noreturn]] void throwTooShort(const std::string& name, std::int32_t tokens, std::int32_t minimum);

// Throws InputError when the resources hold no text in the part that is read.
void requireCorpus(const std::string& name, const TaskResources& resources);

}  // namespace fm
