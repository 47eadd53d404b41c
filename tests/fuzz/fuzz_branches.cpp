// Branch sets, which are safetensors files with an id over their content.
#include <ATen/ATen.h>

#include "core/model/branch.h"
#include "tests/fuzz/mutate.h"
#include "tests/support/tiny_model.h"

namespace fm::fuzz {

static std::string made() {
    testing::TinyModel tiny = testing::tinyModel(2, at::kFloat);
    saveBranches(tiny.branches, scratch("made.safetensors"));
    return contentOf(scratch("made.safetensors"));
}

static void read(const std::uint8_t* data, std::size_t bytes) {
    loadBranches(fileWith("branches.safetensors", data, bytes), testing::tinyConfig(2, true), at::kCPU, at::kFloat);
}

Target branchesTarget() {
    return {"branches", 99, [] { return std::vector<std::string>{made()}; }, read, changeJsonHeader};
}

}  // namespace fm::fuzz
