#include "core/store/structure_chunks.h"

namespace fm::h5 {

namespace {

// The parameters that HDF5 gives every index of chunks.
constexpr std::size_t elements_in_index = 4, smallest_block = 16, page_elements = 1024, groups = 29,
                      groups_in_index = 4;
constexpr std::size_t header_bytes = 72, index_prefix_bytes = 14, prefix_bytes = 18;
constexpr std::size_t index_bytes = index_prefix_bytes + 8 * (elements_in_index + 6 + groups - groups_in_index) + 4;

// Group `g` of data blocks: their number and the elements in each.
std::size_t blocksOf(std::size_t g) { return std::size_t{1} << (g / 2); }
std::size_t elementsOf(std::size_t g) { return smallest_block << ((g + 1) / 2); }
std::uint64_t firstElementOf(std::size_t g) {
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < g; ++i) first += std::uint64_t{blocksOf(i)} * elementsOf(i);
    return first;
}

class ChunkIndex {
public:
    ChunkIndex(FileBytes& file, std::uint64_t address, std::uint64_t chunk_bytes)
        : file_(file), address_(address), chunk_bytes_(chunk_bytes) {}
    void check();

private:
    void expectPrefix(Fields& fields) const;
    void checkElements(Fields& fields, std::size_t count);
    void checkIndexBlock(std::uint64_t address);
    void checkGroup(std::uint64_t address, std::size_t group);
    void checkBlock(std::uint64_t address, std::size_t group, std::size_t block, std::string_view pages);

    FileBytes& file_;
    std::uint64_t address_;
    std::uint64_t chunk_bytes_;
    std::uint64_t room_ = 0;  // elements that its blocks hold
};

void ChunkIndex::check() {
    const std::string bytes = file_.structure(address_, header_bytes, "EAHD", {header_bytes - 4});
    Fields fields(bytes, placeOf(address_, "index of chunks"));
    fields.takeBytes(4);
    fields.expect(1, 0, "version");
    fields.expect(1, 0, "kind");
    for (const std::uint64_t value : {8, 32, 4, 16, 4, 10}) fields.expect(1, value, "parameter");
    fields.takeBytes(4 * 8);                    // numbers and sizes of blocks, which are only reported
    const std::uint64_t used = fields.take(8);  // libhdf5 walks that many
    fields.takeBytes(8);                        // elements that the blocks have room for, which is only reported
    const std::uint64_t index_block = fields.take(8);
    if (index_block != no_address) checkIndexBlock(index_block);
    fields.require(used <= room_, "claims more chunks than its blocks have room for");
}

void ChunkIndex::expectPrefix(Fields& fields) const {
    fields.takeBytes(4);
    fields.expect(1, 0, "version");
    fields.expect(1, 0, "kind");
    fields.expect(8, address_, "address of its index");
}

void ChunkIndex::checkElements(Fields& fields, std::size_t count) {
    room_ += count;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t chunk = fields.take(8);
        if (chunk != no_address) file_.requireData(chunk, chunk_bytes_, fields.place());
    }
}

void ChunkIndex::checkIndexBlock(std::uint64_t address) {
    const std::string bytes = file_.structure(address, index_bytes, "EAIB", {index_bytes - 4});
    Fields fields(bytes, placeOf(address, "first chunks"));
    expectPrefix(fields);
    checkElements(fields, elements_in_index);
    std::size_t block = 0;  // libhdf5 counts on from group to group here
    for (std::size_t group = 0; group < groups_in_index; ++group) {
        for (std::size_t i = 0; i < blocksOf(group); ++i, ++block) {
            const std::uint64_t data_block = fields.take(8);
            if (data_block != no_address) checkBlock(data_block, group, block, {});
        }
    }
    for (std::size_t group = groups_in_index; group < groups; ++group) {
        const std::uint64_t list = fields.take(8);
        if (list != no_address) checkGroup(list, group);
    }
}

void ChunkIndex::checkGroup(std::uint64_t address, std::size_t group) {
    const std::size_t pages = elementsOf(group) > page_elements ? elementsOf(group) / page_elements : 0;
    const std::size_t page_bytes = (pages + 7) / 8;
    const std::size_t size = prefix_bytes + blocksOf(group) * (page_bytes + 8) + 4;
    const std::string bytes = file_.structure(address, size, "EASB", {size - 4});
    Fields fields(bytes, placeOf(address, "list of chunk blocks"));
    expectPrefix(fields);
    fields.expect(4, firstElementOf(group), "number of its first chunk");
    const std::string_view used = fields.takeBytes(blocksOf(group) * page_bytes);
    for (std::size_t block = 0; block < blocksOf(group); ++block) {
        const std::uint64_t data_block = fields.take(8);
        if (data_block != no_address) checkBlock(data_block, group, block, used);
    }
}

// `pages`: one bit per page of all blocks of the group, set when the page is in use; only large blocks have pages.
void ChunkIndex::checkBlock(std::uint64_t address, std::size_t group, std::size_t block, std::string_view pages) {
    const std::size_t elements = elementsOf(group);
    const bool paged = elements > page_elements;
    const std::size_t size = prefix_bytes + (paged ? 0 : elements * 8) + 4;
    const std::string bytes = file_.structure(address, size, "EADB", {size - 4});
    Fields fields(bytes, placeOf(address, "block of chunks"));
    expectPrefix(fields);
    fields.expect(4, firstElementOf(group) + std::uint64_t{block} * elements, "number of its first chunk");
    if (!paged) return checkElements(fields, elements);
    constexpr std::size_t one_page_bytes = page_elements * 8 + 4;
    for (std::size_t page = 0; page < elements / page_elements; ++page) {
        const std::size_t bit = block * (elements / page_elements) + page;
        if ((static_cast<unsigned char>(pages[bit / 8]) & (0x80 >> bit % 8)) == 0) continue;
        const std::uint64_t page_address = address + size + page * one_page_bytes;
        const std::string content = file_.structure(page_address, one_page_bytes, "", {one_page_bytes - 4});
        Fields chunks(content, placeOf(page_address, "page of chunks"));
        checkElements(chunks, page_elements);
    }
}

}  // namespace

void checkChunkIndex(FileBytes& file, std::uint64_t address, std::uint64_t chunk_bytes) {
    ChunkIndex(file, address, chunk_bytes).check();
}

}  // namespace fm::h5
