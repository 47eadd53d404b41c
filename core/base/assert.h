// Our own mistakes: a condition that holds whenever the program is right. On in every build.
#pragma once

#include <stdexcept>

namespace fm {

// Ends the job or the request that met the mistake, as ours and not as the user's; what it had written stays.
class LogicFault : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

// Prints the text to stderr, so that it is seen where nobody catches it, and throws LogicFault.
[[noreturn]] void assertFailed(const char* expression, const char* file, int line, const char* sentence);

}  // namespace fm

// `sentence` says what must hold, in words. Not in loops over elements: it is always evaluated.
#define FM_ASSERT(condition, sentence) \
    ((condition) ? static_cast<void>(0) : ::fm::assertFailed(#condition, __FILE__, __LINE__, sentence))
