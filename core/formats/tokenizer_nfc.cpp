#include "core/formats/tokenizer_nfc.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/formats/tokenizer_utf8.h"

namespace fm {

std::string toNfc(std::string_view text) {
    FM_ASSERT(isUtf8(text), "text to be normalised is UTF-8");
    if (isAscii(text)) return std::string(text);
    utf8proc_uint8_t* out = nullptr;
    const utf8proc_ssize_t length =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> holder(out, &std::free);
    if (length < 0) {
        throw WorldError("A text of " + std::to_string(text.size()) + " bytes cannot be normalised (" +
                         utf8proc_errmsg(length) + "); cut it into smaller parts.");
    }
    return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(length)};
}

}  // namespace fm
