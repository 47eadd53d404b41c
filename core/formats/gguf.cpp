#include "core/formats/gguf.h"

#include <algorithm>
#include <unordered_set>

#include "core/formats/dtype_names.h"
#include "core/formats/format_error.h"
#include "core/formats/gguf_cursor.h"
#include "core/formats/mapped_file.h"

namespace fm {
namespace {

constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kLargestAlignment = 1 << 20;
// Far above any dense decoder; they bound what the tables of a small hostile file can cost.
constexpr std::uint64_t kMostTensors = 8192;
constexpr std::uint64_t kMostKeys = 8192;
constexpr std::size_t kLongestName = 512;
constexpr std::uint32_t kMostDims = 4;
// key length + one byte + type + value of one byte; name length + one byte + rank + one dim + type + offset
constexpr std::uint64_t kLeastKeyBytes = 14;
constexpr std::uint64_t kLeastTensorBytes = 33;

struct Header {
    std::uint64_t tensors = 0;
    std::uint64_t keys = 0;
};

// A tensor whose bytes are not yet checked against the data section.
struct TensorEntry {
    TensorView view;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::size_t declared_at = 0;
};

Header readHeader(GgufCursor& in) {
    if (in.read<std::uint32_t>("the magic number") != 0x46554747u) in.fail(0, "does not begin with \"GGUF\"");
    const std::uint32_t version = in.read<std::uint32_t>("the version");
    if (version == 0x02000000u || version == 0x03000000u) {
        in.fail(4, "is big-endian; convert it to little-endian first");
    }
    if (version != 2 && version != 3) {
        in.fail(4, "has version " + std::to_string(version) + "; versions 2 and 3 are read");
    }
    Header header;
    header.tensors = in.read<std::uint64_t>("the tensor count");
    header.keys = in.read<std::uint64_t>("the key count");
    if (header.tensors > std::min(kMostTensors, in.left() / kLeastTensorBytes)) {
        in.fail(8, "claims " + std::to_string(header.tensors) + " tensors, more than a file of this size can hold");
    }
    if (header.keys > std::min(kMostKeys, in.left() / kLeastKeyBytes)) {
        in.fail(16, "claims " + std::to_string(header.keys) + " keys, more than a file of this size can hold");
    }
    return header;
}

std::string_view readName(GgufCursor& in, const char* what) {
    const std::size_t at = in.offset();
    const std::string_view name = in.text(what);
    if (name.empty()) in.fail(at, std::string(what) + " is empty");
    if (name.size() > kLongestName) {
        in.fail(at, std::string(what) + " is " + std::to_string(name.size()) + " bytes long; at most " +
                        std::to_string(kLongestName) + " are allowed");
    }
    return name;
}

std::map<std::string, GgufValue, std::less<>> readValues(GgufCursor& in, std::uint64_t count) {
    std::map<std::string, GgufValue, std::less<>> values;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::size_t at = in.offset();
        const std::string_view key = readName(in, "a key");
        const GgufType type = in.type(key);
        if (!values.emplace(key, in.value(type, key)).second) in.fail(at, "key " + fm::quoted(key) + " appears twice");
    }
    return values;
}

TensorEntry readTensorEntry(GgufCursor& in) {
    TensorEntry entry;
    entry.declared_at = in.offset();
    entry.view.name = readName(in, "a tensor name");
    const std::string who = "tensor " + fm::quoted(entry.view.name);
    const std::uint32_t rank = in.read<std::uint32_t>("a tensor's rank");
    if (rank < 1 || rank > kMostDims) {
        in.fail(entry.declared_at, who + " has " + std::to_string(rank) + " dimensions; 1 to 4 are allowed");
    }
    for (std::uint32_t i = 0; i < rank; ++i) {
        const std::uint64_t dim = in.read<std::uint64_t>("a tensor's dimension");
        if (dim < 1 || dim > static_cast<std::uint64_t>(INT64_MAX)) {
            in.fail(entry.declared_at, who + " has the dimension " + std::to_string(dim));
        }
        entry.view.shape.insert(entry.view.shape.begin(), static_cast<std::int64_t>(dim));
    }
    const std::uint32_t type = in.read<std::uint32_t>("a tensor's type");
    const std::optional<DType> dtype = dtypeFromGgml(type);
    if (!dtype) in.fail(entry.declared_at, who + " is stored as " + ggmlTypeName(type) + ", which is not supported");
    entry.view.dtype = *dtype;
    const std::optional<std::uint64_t> bytes = checkedBytes(*dtype, entry.view.shape);
    if (!bytes) {
        in.fail(entry.declared_at, who + " has rows that are no whole number of " + toString(*dtype) +
                                       " blocks, or more elements than 64 bits can count");
    }
    entry.bytes = *bytes;
    entry.offset = in.read<std::uint64_t>("a tensor's offset");
    return entry;
}

std::vector<TensorEntry> readTensorEntries(GgufCursor& in, std::uint64_t count) {
    std::vector<TensorEntry> entries;
    std::unordered_set<std::string_view> names;
    entries.reserve(static_cast<std::size_t>(count));  // and so the views in `names` stay valid
    for (std::uint64_t i = 0; i < count; ++i) {
        const TensorEntry& entry = entries.emplace_back(readTensorEntry(in));
        if (!names.insert(entry.view.name).second) {
            in.fail(entry.declared_at, "tensor " + fm::quoted(entry.view.name) + " appears twice");
        }
    }
    return entries;
}

std::uint64_t alignmentOf(const GgufFile& file) {
    const std::int64_t alignment = file.integer("general.alignment").value_or(kDefaultAlignment);
    const bool power_of_two = alignment > 0 && (alignment & (alignment - 1)) == 0;
    if (!power_of_two || static_cast<std::uint64_t>(alignment) > kLargestAlignment) {
        failFormat(file.path(), "key \"general.alignment\"",
                   std::to_string(alignment) + " is no power of two from 1 to 1048576");
    }
    return static_cast<std::uint64_t>(alignment);
}

std::uint64_t alignUp(std::uint64_t offset, std::uint64_t alignment) {
    return (offset + alignment - 1) / alignment * alignment;
}

// Tensors must follow each other with nothing but alignment between them: then none overlaps and no bytes hide.
void checkLayout(const GgufCursor& in, std::span<const TensorEntry> entries, std::uint64_t data_begin,
                 std::uint64_t data_bytes, std::uint64_t alignment) {
    std::vector<const TensorEntry*> by_offset;
    by_offset.reserve(entries.size());
    for (const TensorEntry& entry : entries) by_offset.push_back(&entry);
    std::sort(by_offset.begin(), by_offset.end(),
              [](const TensorEntry* a, const TensorEntry* b) { return a->offset < b->offset; });
    std::uint64_t expected = 0;
    std::uint64_t end = 0;
    for (const TensorEntry* entry : by_offset) {
        const std::string who = "tensor " + fm::quoted(entry->view.name);
        if (entry->offset != expected) {
            in.fail(entry->declared_at, who + " begins at data offset " + std::to_string(entry->offset) +
                                            ", but the tensor before it ends at " + std::to_string(end) +
                                            " (they must neither overlap nor leave gaps beyond alignment)");
        }
        if (entry->offset > data_bytes || entry->bytes > data_bytes - entry->offset) {
            in.fail(entry->declared_at, who + " needs " + std::to_string(entry->bytes) + " bytes at data offset " +
                                            std::to_string(entry->offset) + ", but the data section has only " +
                                            std::to_string(data_bytes));
        }
        end = entry->offset + entry->bytes;
        expected = alignUp(end, alignment);
    }
    if (data_bytes > expected) {
        in.fail(static_cast<std::size_t>(data_begin + end),
                "the file has " + std::to_string(data_bytes - end) + " bytes after its last tensor");
    }
}

}  // namespace

GgufFile GgufFile::open(const std::string& path) {
    GgufFile file;
    file.file_ = MappedFile::open(path);
    const std::span<const std::byte> bytes = file.file_->bytes();
    GgufCursor in(file.file_->path(), bytes);
    const Header header = readHeader(in);
    file.values_ = readValues(in, header.keys);
    std::vector<TensorEntry> entries = readTensorEntries(in, header.tensors);
    const std::uint64_t alignment = alignmentOf(file);
    const std::uint64_t data_begin = std::min<std::uint64_t>(alignUp(in.offset(), alignment), bytes.size());
    const std::span<const std::byte> data = bytes.subspan(static_cast<std::size_t>(data_begin));
    checkLayout(in, entries, data_begin, data.size(), alignment);
    file.tensors_.reserve(entries.size());
    for (TensorEntry& entry : entries) {
        entry.view.bytes = data.subspan(static_cast<std::size_t>(entry.offset), static_cast<std::size_t>(entry.bytes));
        file.tensors_.push_back(std::move(entry.view));
    }
    return file;
}

const std::string& GgufFile::path() const { return file_->path(); }

const TensorView* GgufFile::find(std::string_view name) const {
    for (const TensorView& tensor : tensors_) {
        if (tensor.name == name) return &tensor;
    }
    return nullptr;
}

}  // namespace fm
