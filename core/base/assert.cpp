#include "core/base/assert.h"

#include <cstdio>
#include <string>

namespace fm {

void assertFailed(const char* expression, const char* file, int line, const char* sentence) {
    const std::string text = std::string("a mistake in FlashMorph itself: ") + sentence + " (" + expression + ", " +
                             file + ":" + std::to_string(line) + "); please report it";
    std::fprintf(stderr, "%s\n", text.c_str());
    throw LogicFault(text);
}

}  // namespace fm
