#include "core/rpc/line_cutter.h"

#include <algorithm>

namespace fm::rpc {

static std::string_view withoutCarriageReturn(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

void LineCutter::feed(std::string_view bytes, const Visit& visit) {
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        const bool complete = end < bytes.size();
        const std::string_view part = bytes.substr(0, end);
        if (!skipping_ && pending_.size() + part.size() > limit_) {
            skipping_ = true;
            pending_.clear();
            pending_.shrink_to_fit();
        }
        if (complete && skipping_) {
            visit({}, true);
            skipping_ = false;
        } else if (complete && pending_.empty()) {
            visit(withoutCarriageReturn(part), false);
        } else if (!skipping_) {
            pending_ += part;
            if (complete) {
                visit(withoutCarriageReturn(pending_), false);
                pending_.clear();
            }
        }
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
}

}  // namespace fm::rpc
