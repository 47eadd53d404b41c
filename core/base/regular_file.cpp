#include "core/base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/atomic_file.h"
#include "core/base/byte_text.h"
#include "core/base/descriptor.h"
#include "core/base/error.h"

namespace fm {

std::string readRegularFile(const std::string& path, std::uint64_t max_bytes) {
    if (path.find('\0') != std::string::npos) throw WorldError("a path with a zero byte in it cannot be read");
    // Non-blocking, because opening a named pipe would otherwise wait for a writer for ever.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) throw WorldError(readErrorText(path, "opening", errno));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) throw WorldError(readErrorText(path, "reading", errno));
    if (!S_ISREG(info.st_mode)) throw WorldError(path + ": is not a regular file; put the file itself there");
    std::string text;
    const auto refuseLarger = [&](std::uint64_t bytes) {
        if (bytes <= max_bytes) return;
        throw WorldError(path + ": is larger than the " + byteText(static_cast<double>(max_bytes)) +
                         " that such a file may have; check that this is the right file");
    };
    refuseLarger(static_cast<std::uint64_t>(info.st_size));
    char buffer[1 << 16];
    for (;;) {  // to its end, wherever that is by now: the file may be growing
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw WorldError(readErrorText(path, "reading", errno));
        if (got == 0) return text;
        refuseLarger(text.size() + static_cast<std::uint64_t>(got));
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

}  // namespace fm
