// A caller's mistake at the border of the kernels: checked once a call in every build, never inside the loops. Aborts,
// since the kernels run on threads of a pool that cannot pass an exception on.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fm::kernels {

[[noreturn]] inline void assertFailed(const char* expression, const char* file, int line, const char* sentence) {
    std::fprintf(stderr, "a mistake in FlashMorph itself: %s (%s, %s:%d); please report it\n", sentence, expression,
                 file, line);
    std::abort();
}

}  // namespace fm::kernels

#define FM_KERNEL_ASSERT(condition, sentence) \
    ((condition) ? static_cast<void>(0) : ::fm::kernels::assertFailed(#condition, __FILE__, __LINE__, sentence))
