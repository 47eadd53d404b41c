// One kind of input that comes from outside, read the way the programs read it. Every target stands in its own file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace fm::fuzz {

using Random = std::mt19937_64;

struct Target {
    const char* name;
    int fewest;  // inputs of one attack round: what the study of reliability tried by hand
    std::vector<std::string> (*seeds)();
    // Like LLVMFuzzerTestOneInput. Our own errors pass through; anything else that leaves it is a finding.
    void (*read)(const std::uint8_t* data, std::size_t bytes);
    // Changes a seed in the terms of its format; null: bytes only.
    void (*change)(std::string& bytes, Random& random) = nullptr;
};

// The targets, by the files they are in.
Target branchesTarget();
Target chatTemplateTarget();
Target checkpointTarget();
Target configTarget();
Target ggufTarget();
Target importTarget();
Target messageTarget();
Target runFileTarget();
Target safetensorsTarget();
Target specTarget();
Target studyTarget();
Target tokenizerTarget();

// A file with this content, in the folder of this process, replaced by every call with the same name.
std::string fileWith(const char* name, const std::uint8_t* data, std::size_t bytes);
std::string scratch(const std::string& name);  // a path in that folder

std::string contentOf(const std::string& path);
std::string fixture(const std::string& path);  // content of a file in tests/fixtures

}  // namespace fm::fuzz
