// The transport: lines through a pair of pipes.
#pragma once

#include <string_view>

#include "core/rpc/line_cutter.h"
#include "core/rpc/outbox.h"

namespace fm::rpc {

// Thread: read() on the reader's thread; stop() on any thread and in signal handlers.
class LineReader {
public:
    explicit LineReader(int fd);  // WorldError when no file descriptors are left
    ~LineReader();
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    // Visits lines until the other side closes its end or stop() is called. A last line without its end is left out.
    void read(const LineCutter::Visit& visit);
    void stop() noexcept;

private:
    int fd_;
    int wake_[2] = {-1, -1};
};

// Writes everything of the outbox until it is closed and empty, or the other side is gone (false).
// SIGPIPE must be ignored.
bool writeLines(int fd, Outbox& outbox);

}  // namespace fm::rpc
