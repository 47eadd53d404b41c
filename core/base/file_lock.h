// Locks that say whether a process still works on a file or folder. The kernel drops them with the process, however
// that ends.
#pragma once

#include <string>

namespace fm {

// Unknown: this file system has no locks, so that nobody can tell.
enum class LockResult { Taken, Busy, Unknown };

// Takes the lock and does not wait. The lock lasts until the last copy of `fd` is closed, and a rename does not end it.
// Thread: any.
LockResult lockFile(int fd);    // open for writing. One byte far behind the data: HDF5's own locks do not see it
LockResult lockFolder(int fd);  // open for reading

// Whether somebody has locked the file; no where that is unknown or there is no such file.
bool isLockedFile(const std::string& path);

// Whether `path` leads to the very file that `fd` is open on, which it does not once that was deleted or replaced.
bool leadsTo(const std::string& path, int fd);

}  // namespace fm
