#include "core/store/h5.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "core/base/utf8.h"

namespace fm::h5 {

static std::mutex next_mutex, session_mutex;  // a thread waits for `session` while it holds `next`
static thread_local int sessions_here = 0;

Session::Session() {
    if (sessions_here++ == 0) {
        const std::lock_guard next(next_mutex);
        session_mutex.lock();
    }
    // After a disk has filled up HDF5 cannot close a file; its exit handler would try again, in a loop.
    static const bool set_up = [] {
        H5dont_atexit();
        H5open();
        H5PLset_loading_state(0);
        return true;
    }();
    static_cast<void>(set_up);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // per thread in thread-safe builds
}

Id& Id::operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
}

Session::~Session() {
    if (--sessions_here == 0) session_mutex.unlock();
}

void Id::reset() {
    if (id_ >= 0) closer_(std::exchange(id_, -1));
}

static herr_t keepInnermost(unsigned depth, const H5E_error2_t* error, void* text) {
    if (depth == 0 && error->desc) *static_cast<std::string*>(text) = error->desc;
    return 0;
}

void fail(const std::string& doing) {
    std::string cause;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keepInnermost, &cause);
    int error_number = 0;
    constexpr const char* marker = "errno = ";
    if (const std::size_t at = cause.find(marker); at != std::string::npos)
        error_number = std::atoi(cause.c_str() + at + std::strlen(marker));
    throw LibraryFailure(doing, error_number, cause.empty() ? "no reason" : cause);
}

Id owned(hid_t id, Id::Closer closer, const std::string& doing) { return Id(check(id, doing), closer); }

Id textType(std::size_t bytes) {
    Id type = owned(H5Tcopy(H5T_C_S1), H5Tclose, "text type");
    check(H5Tset_size(type.get(), bytes), "text type");
    check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "text type");
    check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "text type");
    return type;
}

static void writeAttribute(hid_t object, const char* name, hid_t type, hid_t space, const void* data) {
    const Id attribute = owned(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
    check(H5Awrite(attribute.get(), type, data), name);
}

void writeText(hid_t object, const char* name, const std::string& text, std::size_t capacity) {
    std::string padded = text;
    padded.resize(std::max(text.size(), capacity), '\0');
    const Id type = textType(padded.size());
    const Id space = owned(H5Screate(H5S_SCALAR), H5Sclose, name);
    writeAttribute(object, name, type.get(), space.get(), padded.data());
}

void rewriteText(hid_t object, const char* name, const std::string& text) {
    const Id attribute = owned(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, name);
    const Id type = owned(H5Aget_type(attribute.get()), H5Tclose, name);
    std::string padded = text;
    padded.resize(H5Tget_size(type.get()), '\0');
    check(H5Awrite(attribute.get(), type.get(), padded.data()), name);
}

void writeTexts(hid_t object, const char* name, const std::vector<std::string>& texts) {
    std::size_t width = 1;
    for (const std::string& text : texts) width = std::max(width, text.size());
    std::string bytes;
    for (const std::string& text : texts) bytes += text + std::string(width - text.size(), '\0');
    const Id type = textType(width);
    const hsize_t count = texts.size();
    const Id space = owned(H5Screate_simple(1, &count, nullptr), H5Sclose, name);
    writeAttribute(object, name, type.get(), space.get(), bytes.data());
}

void writeInteger(hid_t object, const char* name, long long value) {
    const Id space = owned(H5Screate(H5S_SCALAR), H5Sclose, name);
    writeAttribute(object, name, H5T_NATIVE_LLONG, space.get(), &value);
}

std::vector<std::string> splitTexts(const std::vector<char>& bytes, std::size_t width) {
    std::vector<std::string> texts;
    for (std::size_t at = 0; at + width <= bytes.size(); at += width) {
        std::string text(bytes.data() + at, width);
        text.resize(text.find_last_not_of('\0') + 1);
        replaceInvalidUtf8(text);
        texts.push_back(std::move(text));
    }
    return texts;
}

// The texts of an attribute of any shape; what is no fixed-size text, or too large to be ours, is refused.
static std::vector<std::string> textsOf(hid_t object, const char* name) {
    constexpr std::size_t largest_bytes = 1 << 20;
    const Id attribute = owned(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, name);
    const Id type = owned(H5Aget_type(attribute.get()), H5Tclose, name);
    const Id space = owned(H5Aget_space(attribute.get()), H5Sclose, name);
    if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0)
        throw Failure(name, 0, "is not a text of fixed size");
    const std::size_t width = H5Tget_size(type.get());
    const hssize_t count = check(H5Sget_simple_extent_npoints(space.get()), name);
    if (width == 0 || static_cast<std::size_t>(count) > largest_bytes / width) throw Failure(name, 0, "is too large");
    std::vector<char> bytes(width * static_cast<std::size_t>(count));
    if (!bytes.empty()) check(H5Aread(attribute.get(), type.get(), bytes.data()), name);
    return splitTexts(bytes, width);
}

bool hasAttribute(hid_t object, const char* name) {
    const htri_t found = H5Aexists(object, name);
    check(found, name);
    return found > 0;
}

std::string readText(hid_t object, const char* name) {
    std::vector<std::string> texts = textsOf(object, name);
    if (texts.size() != 1) throw Failure(name, 0, "is not a single text");
    return std::move(texts.front());
}

std::vector<std::string> readTexts(hid_t object, const char* name) { return textsOf(object, name); }

long long readInteger(hid_t object, const char* name) {
    const Id attribute = owned(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, name);
    const Id type = owned(H5Aget_type(attribute.get()), H5Tclose, name);
    const Id space = owned(H5Aget_space(attribute.get()), H5Sclose, name);
    if (H5Tget_class(type.get()) != H5T_INTEGER || H5Sget_simple_extent_npoints(space.get()) != 1)
        throw Failure(name, 0, "is not a single integer");
    long long value = 0;
    check(H5Aread(attribute.get(), H5T_NATIVE_LLONG, &value), name);
    return value;
}

static void requireHardLinks(hid_t file, const std::string& path) {
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        H5L_info_t info{};
        check(H5Lget_info(file, path.substr(0, end).c_str(), &info, H5P_DEFAULT), path);
        if (info.type != H5L_TYPE_HARD) throw Failure(path, 0, "is a link to somewhere else");
    }
}

Id openOwnDataset(hid_t file, const std::string& path) {
    requireHardLinks(file, path);
    Id dataset = owned(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose, path);
    const Id properties = owned(H5Dget_create_plist(dataset.get()), H5Pclose, path);
    const H5D_layout_t layout = H5Pget_layout(properties.get());
    if ((layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS) || H5Pget_external_count(properties.get()) != 0)
        throw Failure(path, 0, "does not keep its data in this file");
    return dataset;
}

std::vector<hsize_t> extentOf(hid_t dataset) {
    const Id space = owned(H5Dget_space(dataset), H5Sclose, "extent");
    const int rank = check(H5Sget_simple_extent_ndims(space.get()), "extent");
    std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
    if (rank > 0) check(H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr), "extent");
    return extent;
}

}  // namespace fm::h5
