#include "core/base/error.h"
#include "core/base/assert.h"

namespace fm {

static std::string describe(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems) {
        if (!text.empty()) text += '\n';
        text += problem.field + ": got " + (problem.value.empty() ? "nothing" : problem.value) + ", expected " +
                problem.allowed;
    }
    return text;
}

InputError::InputError(std::vector<Problem> problems)
    : std::runtime_error(describe(problems)), problems_(std::move(problems)) {
    FM_ASSERT(!problems_.empty(), "an input error names at least one problem");
}

}  // namespace fm
