// The HDF5 C API behind owning handles and checked calls. Private to core/store: no HDF5 type leaves this folder.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace fm::h5 {

// What is wrong, without the path: who knows the path adds it.
class Failure : public WorldError {
public:
    Failure(const std::string& doing, int error_number, const std::string& cause)
        : WorldError(doing + ": " + cause), error_number_(error_number) {}
    int errorNumber() const { return error_number_; }  // errno of the failed system call, 0 when there was none

private:
    int error_number_;
};

// A call into HDF5 failed: `cause` is in the words of that library, which name no remedy.
class LibraryFailure : public Failure {
public:
    LibraryFailure(const std::string& doing, int error_number, const std::string& cause)
        : Failure(doing, error_number, "HDF5 says \"" + cause + "\"") {}
};

// HDF5 is used by one thread of the process at a time (its builds differ in thread safety), quietly, and without
// loading filters from outside. Every use of this header happens inside one. Threads take turns: one that reads file
// after file does not keep another waiting for longer than its present session. A session may hold further ones.
class Session {
public:
    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
};

class Id {
public:
    using Closer = herr_t (*)(hid_t);
    Id() = default;
    Id(hid_t id, Closer closer) : id_(id), closer_(closer) {}
    Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}
    Id& operator=(Id&& other) noexcept;
    ~Id() { reset(); }

    hid_t get() const { return id_; }
    void reset();                                       // closes; a failure to close has no one to go to
    hid_t release() { return std::exchange(id_, -1); }  // the caller closes

private:
    hid_t id_ = -1;
    Closer closer_ = nullptr;
};

[[noreturn]] void fail(const std::string& doing);  // throws LibraryFailure with HDF5's innermost message

template <class Result>
Result check(Result result, const std::string& doing) {
    if (result < 0) fail(doing);
    return result;
}

Id owned(hid_t id, Id::Closer closer, const std::string& doing);

// Fixed-size UTF-8 text, padded with zero bytes.
Id textType(std::size_t bytes);

// Attributes. Text is of fixed size: at least `capacity` bytes, so that it can be rewritten in place.
void writeText(hid_t object, const char* name, const std::string& text, std::size_t capacity = 1);
void rewriteText(hid_t object, const char* name, const std::string& text);
void writeTexts(hid_t object, const char* name, const std::vector<std::string>& texts);
void writeInteger(hid_t object, const char* name, long long value);
bool hasAttribute(hid_t object, const char* name);
std::string readText(hid_t object, const char* name);
std::vector<std::string> readTexts(hid_t object, const char* name);
long long readInteger(hid_t object, const char* name);

// Splits `bytes` into texts of `width` bytes without their padding; invalid UTF-8 becomes '?'.
std::vector<std::string> splitTexts(const std::vector<char>& bytes, std::size_t width);

// Opens a dataset inside this very file: refuses soft and external links, storage in other files and virtual layouts,
// through which a hostile file could show the content of others.
Id openOwnDataset(hid_t file, const std::string& path);

std::vector<hsize_t> extentOf(hid_t dataset);

}  // namespace fm::h5
