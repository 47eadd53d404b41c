// The records that file_log.cpp writes: head, text, more.
#pragma once

#include <cstdint>

namespace filelog {

enum class Kind : std::uint32_t {
    Create,      // text: the file
    Write,       // text: the file, more: the bytes, number: where
    Truncate,    // text: the file, number: its new size
    Sync,        // text: the file or folder
    Rename,      // text: the old name, more: the new one
    Remove,      // text: the file or folder
    MakeFolder,  // text: the folder
};

struct Head {
    std::uint32_t kind;
    std::uint32_t text_bytes;
    std::uint64_t more_bytes;
    std::int64_t number;
};

}  // namespace filelog
