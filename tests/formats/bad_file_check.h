// One hostile file: it must be refused with a FormatError that names the file and the place, and reading it must not
// allocate more than the file's own size and some fixed tables.
#pragma once

#include <QtTest>
#include <cstdio>
#include <fstream>
#include <functional>

#include "core/base/error.h"
#include "tests/formats/allocation_watch.h"

namespace fm {

constexpr std::size_t kFixedTables = 1 << 20;

// Removed first, because file systems flush a file that is cut to nothing and written again.
inline void writeBytes(const std::string& path, const std::string& bytes) {
    std::remove(path.c_str());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// `named_file`: what the sentence must begin with. `place`: the offset or key that it must contain.
inline void expectRefusal(const std::string& named_file, std::size_t file_bytes, const std::string& place,
                          const std::function<void()>& read) {
    const AllocationWatch watch;
    try {
        read();
    } catch (const FormatError& error) {
        const QByteArray text = error.what();
        const std::size_t largest = AllocationWatch::largest();
        QVERIFY2(largest <= file_bytes + kFixedTables, qPrintable(QString("allocated %1 bytes").arg(largest)));
        QVERIFY2(text.startsWith((named_file + ": ").c_str()), text.constData());
        QVERIFY2(text.contains(place.c_str()), text.constData());
        QVERIFY2(!text.contains("exception"), text.constData());  // our words, not a library's
        QVERIFY2(text.size() < 600, "a sentence, not a dump of the file");
        return;
    }
    QFAIL("the file was accepted");
}

}  // namespace fm
