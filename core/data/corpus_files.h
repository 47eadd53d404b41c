// Reads the documents of a text folder. Plain values; every byte of the files is taken as hostile.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace fm {

// Calls `visit` with every document below `path` (a folder, a .txt or a .jsonl file), files in name order. Returns how
// many there were. Throws InputError when `path` does not exist, WorldError when a file cannot be read, FormatError
// ("<path>: line <n>: ...") when a .jsonl line is not an object with a "text" string.
std::int64_t forEachDocument(const std::string& path, const std::function<void(std::string_view)>& visit);

// Every text file below `path` with its whole content, in the same order; `name` is relative to `path`. Throws like
// forEachDocument(), but visits nothing without complaint when there is none.
void forEachTextFile(const std::string& path,
                     const std::function<void(const std::string& name, const std::string& content)>& visit);

}  // namespace fm
