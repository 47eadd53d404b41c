// A file system of a few megabytes that can be full.
#pragma once

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <QFile>
#include <QString>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace fm::testing {

// Mounted over an existing folder until the end of its life; needs the right to mount.
class SmallDisk {
public:
    SmallDisk(const QString& folder, int megabytes) : folder_(folder) {
        const QByteArray size = "size=" + QByteArray::number(megabytes) + "m";
        mounted_ = ::mount("tmpfs", folder.toUtf8().constData(), "tmpfs", 0, size.constData()) == 0;
        if (!mounted_) why_ = std::strerror(errno);
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.toUtf8().constData(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool mounted() const { return mounted_; }
    QString why() const { return "skipped: cannot mount a small file system: " + why_; }
    QString path() const { return folder_; }
    std::int64_t freeBytes() const {
        struct statvfs space {};
        ::statvfs(folder_.toUtf8().constData(), &space);
        return static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
    }
    // Leaves so many bytes free, to a page.
    bool fillBut(std::int64_t bytes) {
        QFile file(fillerPath());
        if (!file.open(QIODevice::WriteOnly | QIODevice::Unbuffered)) return false;
        const QByteArray page(4096, 'x');
        while (freeBytes() >= bytes + page.size())
            if (file.write(page) != page.size()) return false;
        return true;
    }
    void makeRoom() { QFile::remove(fillerPath()); }

private:
    QString fillerPath() const { return folder_ + "/.filler"; }

    QString folder_, why_;
    bool mounted_ = false;
};

}  // namespace fm::testing
