// What went wrong, in the words of whoever has to read it: the terminal, a run file, or a served client.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace fm {

enum class FailureKind { Input, Cancelled, Failed, Fault };  // the user's, on request, the world's, our own
const char* toString(FailureKind kind);                      // "input", "cancelled", "failed", "fault"

struct Failure {
    FailureKind kind = FailureKind::Failed;
    std::string text;                  // one sentence, without LibTorch's backtrace
    std::vector<Problem> problems;     // of FailureKind::Input
    std::string problemsText() const;  // one line per problem, indented; "" when there are none
};

Failure describe(const std::exception_ptr& error);

}  // namespace fm
