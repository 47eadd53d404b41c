#include "core/store/structure_check.h"

#include <utility>
#include <vector>

#include "core/store/structure_bytes.h"
#include "core/store/structure_chunks.h"
#include "core/store/structure_links.h"
#include "core/store/structure_messages.h"

namespace fm::h5 {

namespace {

class StructureCheck {
public:
    StructureCheck(const std::string& path, bool being_written) : file_(path, being_written) {}
    void run();

private:
    std::uint64_t rootAddress();
    void checkObject(std::uint64_t address);
    void readMessages(Fields fields, bool ordered, ObjectMessages& object) const;
    void checkGroup(const ObjectMessages& object);
    void checkDataset(const ObjectMessages& object, const std::string& place);
    void checkChunks(const ObjectMessages& object, const std::string& place);

    FileBytes file_;
    std::vector<std::uint64_t> waiting_;  // objects that links lead to
};

std::uint64_t StructureCheck::rootAddress() {
    constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    const std::string start = file_.peek(0, signature.size() + 1);
    if (start.substr(0, signature.size()) != signature) refuse("byte 0", "is no HDF5 file");
    if (start.back() < 2) refuse("byte 8", "has the structure of other programs, such as h5repack");
    const std::string bytes = file_.structure(0, 48, signature, {44});
    Fields fields(bytes, placeOf(0, "superblock"));
    fields.takeBytes(signature.size());
    const std::uint64_t version = fields.take(1);
    fields.require(version == 2 || version == 3, "has an unknown version");
    fields.expect(1, 8, "size of addresses");
    fields.expect(1, 8, "size of lengths");
    fields.require(fields.take(1) <= 7, "has unknown flags");
    fields.expect(8, 0, "base address");
    fields.expect(8, no_address, "address of an extension");
    fields.takeBytes(8);  // end of the file, which libhdf5 compares with the file itself
    return fields.take(8);
}

void StructureCheck::run() {
    waiting_.push_back(rootAddress());
    while (!waiting_.empty()) {
        const std::uint64_t address = waiting_.back();
        waiting_.pop_back();
        checkObject(address);
    }
}

void StructureCheck::checkObject(std::uint64_t address) {
    constexpr std::size_t largest_prefix = 34;
    constexpr std::uint64_t largest_block = 16 << 20;
    const std::string place = placeOf(address, "object header");
    const std::string start = file_.peek(address, largest_prefix);
    Fields prefix(start, place);
    prefix.require(prefix.takeBytes(4) == "OHDR", "has a wrong signature");
    prefix.expect(1, 2, "version");
    const std::uint64_t flags = prefix.take(1);
    prefix.require(flags < 64, "has unknown flags");
    prefix.takeBytes((flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0));  // times; limits of the number of attributes
    const std::uint64_t message_bytes = prefix.take(std::size_t{1} << (flags & 3));
    const std::size_t prefix_bytes = start.size() - prefix.left();
    prefix.require(message_bytes <= largest_block, "is too large");
    const std::size_t size = prefix_bytes + message_bytes + 4;
    const std::string bytes = file_.structure(address, size, "OHDR", {size - 4});
    ObjectMessages object;
    const bool ordered = (flags & 4) != 0;
    readMessages({std::string_view(bytes).substr(prefix_bytes, message_bytes), place}, ordered, object);
    for (std::size_t i = 0; i < object.continuations.size(); ++i) {
        const auto [block, block_bytes] = object.continuations[i];
        if (block_bytes < 8 || block_bytes > largest_block) refuse(place, "has a block of an impossible size");
        const std::string more = file_.structure(block, block_bytes, "OCHK", {block_bytes - 4});
        readMessages({std::string_view(more).substr(4, block_bytes - 8), placeOf(block, "object header")}, ordered,
                     object);
    }
    if (object.links) {
        checkGroup(object);
    } else {
        checkDataset(object, place);
    }
}

void StructureCheck::readMessages(Fields fields, bool ordered, ObjectMessages& object) const {
    const std::size_t head_bytes = ordered ? 6 : 4;
    while (fields.left() >= head_bytes) {
        const std::uint64_t type = fields.take(1);
        const std::uint64_t bytes = fields.take(2);
        const std::uint64_t flags = fields.take(1);
        fields.require((flags & ~std::uint64_t{5}) == 0, "has a message that is kept elsewhere");
        if (ordered) fields.take(2);
        readMessage(type, {fields.takeBytes(bytes), fields.place()}, object);
    }
}

void StructureCheck::checkGroup(const ObjectMessages& object) {
    waiting_.insert(waiting_.end(), object.children.begin(), object.children.end());
    if (object.links->heap == no_address) return;
    const std::vector<std::uint64_t> more = readStoredLinks(file_, object.links->heap, object.links->names);
    waiting_.insert(waiting_.end(), more.begin(), more.end());
}

void StructureCheck::checkDataset(const ObjectMessages& object, const std::string& place) {
    if (!object.data || !object.extent || !object.element_bytes || !object.children.empty())
        refuse(place, "is neither a group nor a dataset");
    if (object.fill_bytes.value_or(0) != 0 && *object.fill_bytes != *object.element_bytes)
        refuse(place, "has a fill value of a wrong size");
    if (object.data->chunked) return checkChunks(object, place);
    const StoredExtent& extent = *object.extent;
    if (extent.rank > 1 || extent.limit[0] != extent.size[0] || extent.size[0] > object.data->bytes ||
        extent.size[0] * *object.element_bytes != object.data->bytes)
        refuse(place, "has data of a wrong size");
    if (object.data->address != no_address) file_.requireData(object.data->address, object.data->bytes, place);
}

// One row or more in a chunk, whole rows, and only rows are added.
void StructureCheck::checkChunks(const ObjectMessages& object, const std::string& place) {
    const StoredExtent& extent = *object.extent;
    const StoredData& data = *object.data;
    const bool fits = extent.rank == data.chunk_dimensions - 1 && extent.limit[0] == no_address &&
                      data.chunk[extent.rank] == *object.element_bytes &&
                      (extent.rank == 1 || (extent.size[1] == data.chunk[1] && extent.limit[1] == data.chunk[1]));
    if (!fits) refuse(place, "has chunks of a wrong shape");
    if (extent.size[0] / data.chunk[0] >= most_chunks) refuse(place, "claims more rows than a file can hold");
    constexpr std::uint64_t largest_chunk = 64 << 20;
    std::uint64_t bytes = 1;
    for (int i = 0; i < data.chunk_dimensions; ++i) {
        bytes *= data.chunk[i];
        if (bytes > largest_chunk) refuse(place, "has chunks of more than 64 MiB");
    }
    if (data.address != no_address) checkChunkIndex(file_, data.address, bytes);
}

}  // namespace

void requireRunFileStructure(const std::string& path, bool being_written) { StructureCheck(path, being_written).run(); }

}  // namespace fm::h5
