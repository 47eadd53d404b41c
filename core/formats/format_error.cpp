#include "core/formats/format_error.h"

#include "core/base/error.h"

namespace fm {

void failFormat(const std::string& path, const std::string& where, const std::string& what) {
    throw FormatError(path + ": " + where + ": " + what);
}

std::string atByte(std::uint64_t offset) { return "byte " + std::to_string(offset); }

std::string quoted(std::string_view text) {
    constexpr std::size_t kShownBytes = 80;
    constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, kShownBytes)) {
        const unsigned char byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            out += c;
        } else {
            out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    if (text.size() > kShownBytes) out += "...";
    return out + "\"";
}

}  // namespace fm
