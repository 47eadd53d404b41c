// Cuts a stream of bytes into messages: one a line, of a limited size.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace fm::rpc {

inline constexpr std::size_t max_message_bytes = std::size_t{16} << 20;

// Of a line that is too long nothing is kept: it is reported once, and skipped to its end.
// Thread: one at a time.
class LineCutter {
public:
    explicit LineCutter(std::size_t limit = max_message_bytes) : limit_(limit) {}

    // `line` is without its end (LF or CR LF), and empty when `too_long`.
    using Visit = std::function<void(std::string_view line, bool too_long)>;
    void feed(std::string_view bytes, const Visit& visit);
    bool insideLine() const { return !pending_.empty() || skipping_; }

private:
    std::size_t limit_;
    std::string pending_;
    bool skipping_ = false;
};

}  // namespace fm::rpc
