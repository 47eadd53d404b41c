// Whether a file has the structure of our run files, before libhdf5 gets to see it. libhdf5 1.10 follows addresses and
// sizes of a hostile file into memory that is not there, and a crash in it would end the window.
#pragma once

#include <string>

namespace fm::h5 {

// Walks everything that libhdf5 will read: superblock, object headers, links, indexes of chunks. Failure, with place
// and remedy, when anything is not as our writer makes it; WorldError when the file cannot be opened. A file that
// grows meanwhile is fine when `being_written`. Thread: any.
void requireRunFileStructure(const std::string& path, bool being_written);

}  // namespace fm::h5
