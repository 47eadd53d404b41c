#include "core/base/byte_text.h"

#include <cstdio>

namespace fm {

std::string byteText(double bytes) {
    constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (bytes >= 1000 && unit < 4) {  // not 1024: four digits read worse than "1.0 KiB"
        bytes /= 1024;
        ++unit;
    }
    char text[64];
    std::snprintf(text, sizeof text, "%.*f %s", unit == 0 || bytes >= 100 ? 0 : 1, bytes, units[unit]);
    return text;
}

}  // namespace fm
