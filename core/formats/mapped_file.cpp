#include "core/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/atomic_file.h"
#include "core/base/descriptor.h"
#include "core/base/error.h"

namespace fm {
namespace {

[[noreturn]] void failOpen(const std::string& path) {
    throw WorldError(readErrorText(path, "open for reading", errno));
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
    // Non-blocking, because opening a named pipe would otherwise wait for a writer for ever.
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) failOpen(path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) failOpen(path);
    if (!S_ISREG(info.st_mode)) throw WorldError(path + ": is not a regular file; give the path of a file");
    const std::size_t size = static_cast<std::size_t>(info.st_size);
    std::span<const std::byte> bytes;
    if (size > 0) {  // an empty range cannot be mapped
        void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
        if (data == MAP_FAILED) failOpen(path);
        bytes = {static_cast<const std::byte*>(data), size};
    }
    return std::shared_ptr<const MappedFile>(new MappedFile(path, bytes));
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace fm
