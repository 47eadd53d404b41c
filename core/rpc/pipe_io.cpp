#include "core/rpc/pipe_io.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/base/error.h"

namespace fm::rpc {

LineReader::LineReader(int fd) : fd_(fd) {
    if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0)
        throw WorldError("cannot listen to standard input: no file descriptors are left; raise `ulimit -n`");
}

LineReader::~LineReader() {
    ::close(wake_[0]);
    ::close(wake_[1]);
}

void LineReader::read(const LineCutter::Visit& visit) {
    LineCutter cutter;
    std::string bytes(std::size_t{64} << 10, '\0');
    bool stopped = false;
    while (!stopped) {
        pollfd fds[] = {{fd_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0 && errno != EINTR) return;
        if (fds[1].revents != 0) return;
        if (fds[0].revents == 0) continue;
        const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return;
        cutter.feed(std::string_view(bytes.data(), static_cast<std::size_t>(count)),
                    [&](std::string_view line, bool too_long) {
                        // A line may ask for the end; those behind it are not heard.
                        if (!stopped) visit(line, too_long);
                        pollfd wake{wake_[0], POLLIN, 0};
                        stopped = stopped || ::poll(&wake, 1, 0) > 0;
                    });
    }
}

void LineReader::stop() noexcept { [[maybe_unused]] const ssize_t written = ::write(wake_[1], "", 1); }

static bool writeAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

bool writeLines(int fd, Outbox& outbox) {
    while (std::optional<std::string> line = outbox.take()) {
        *line += '\n';
        if (!writeAll(fd, *line)) return false;
    }
    return true;
}

}  // namespace fm::rpc
