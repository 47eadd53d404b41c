#include "core/run/error.h"

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
    assert(!problems_.empty());
}

}  // namespace fm
