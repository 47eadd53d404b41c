#include "core/store/structure_links.h"

#include <map>

#include "core/store/structure_messages.h"

namespace fm::h5 {

namespace {

// The parameters that HDF5 gives every group.
constexpr std::size_t heap_header_bytes = 146, first_block_bytes = 512, table_width = 4, direct_rows = 9;
constexpr std::size_t heap_id_bytes = 7, record_bytes = 4 + heap_id_bytes, node_bytes = 512;
constexpr std::size_t leaf_records = (node_bytes - 10) / record_bytes;
constexpr std::size_t block_prefix_bytes = 4 + 1 + 8 + 4;  // signature, version, heap, offset

std::size_t blockBytes(std::size_t row) { return first_block_bytes << (row > 0 ? row - 1 : 0); }

// The blocks of a heap by the offset of their first byte in it.
class LinkHeap {
public:
    LinkHeap(FileBytes& file, std::uint64_t address) : file_(file), address_(address) { readHeader(); }
    std::uint64_t linkAt(std::uint64_t offset, std::uint64_t bytes) const;  // the object it leads to

private:
    void readHeader();
    void readRows(std::uint64_t address, std::size_t rows);
    void readBlock(std::uint64_t address, std::uint64_t offset, std::size_t bytes);
    void expectPrefix(Fields& fields, std::uint64_t offset) const;

    FileBytes& file_;
    std::uint64_t address_;
    std::map<std::uint64_t, std::string> blocks_;
};

void LinkHeap::readHeader() {
    const std::string bytes = file_.structure(address_, heap_header_bytes, "FRHP", {heap_header_bytes - 4});
    Fields fields(bytes, placeOf(address_, "heap of links"));
    fields.takeBytes(4);
    fields.expect(1, 0, "version");
    fields.expect(2, heap_id_bytes, "size of an id");
    fields.expect(2, 0, "size of a filter");
    fields.expect(1, 2, "flags");
    fields.expect(4, 4096, "largest object");
    fields.takeBytes(8);  // id of the next object that is too large, of which there must be none
    fields.expect(8, no_address, "tree of objects that are too large");
    fields.takeBytes(2 * 8);  // free space and its manager, which only a writer reads
    fields.takeBytes(4 * 8);  // sizes and counts of managed objects, which are only reported
    for (int i = 0; i < 4; ++i) fields.expect(8, 0, "count of objects that are too large or small");
    fields.expect(2, table_width, "width of the table");
    fields.expect(8, first_block_bytes, "size of the first block");
    fields.expect(8, 64 * 1024, "size of the largest block");
    fields.expect(2, 32, "bits of an offset");
    fields.expect(2, 1, "first rows");
    const std::uint64_t root = fields.take(8);
    const std::uint64_t rows = fields.take(2);
    fields.require(rows <= direct_rows, "has more rows than the links of a run file need");
    if (rows > 0) {
        readRows(root, rows);
    } else {
        readBlock(root, 0, first_block_bytes);
    }
}

void LinkHeap::expectPrefix(Fields& fields, std::uint64_t offset) const {
    fields.takeBytes(4);
    fields.expect(1, 0, "version");
    fields.expect(8, address_, "address of its heap");
    fields.expect(4, offset, "offset in its heap");
}

void LinkHeap::readRows(std::uint64_t address, std::size_t rows) {
    const std::size_t size = block_prefix_bytes + rows * table_width * 8 + 4;
    const std::string bytes = file_.structure(address, size, "FHIB", {size - 4});
    Fields fields(bytes, placeOf(address, "list of heap blocks"));
    expectPrefix(fields, 0);
    std::uint64_t offset = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < table_width; ++column) {
            const std::uint64_t block = fields.take(8);
            if (block != no_address) readBlock(block, offset, blockBytes(row));
            offset += blockBytes(row);
        }
    }
}

void LinkHeap::readBlock(std::uint64_t address, std::uint64_t offset, std::size_t bytes) {
    std::string block = file_.structure(address, bytes, "FHDB", {block_prefix_bytes, true});
    Fields fields(block, placeOf(address, "heap block"));
    expectPrefix(fields, offset);
    blocks_[offset] = std::move(block);
}

std::uint64_t LinkHeap::linkAt(std::uint64_t offset, std::uint64_t bytes) const {
    const std::string place = placeOf(address_, "heap of links");
    auto block = blocks_.upper_bound(offset);
    if (block == blocks_.begin()) refuse(place, "lacks a link");
    --block;
    const std::uint64_t at = offset - block->first;
    const std::string_view all = block->second;
    if (at < block_prefix_bytes + 4 || at > all.size() || bytes > all.size() - at) refuse(place, "lacks a link");
    Fields fields(all.substr(at, bytes), place);
    const std::uint64_t child = readLink(fields);
    fields.require(fields.left() == 0, "has a link of a wrong size");
    return child;
}

std::size_t bytesFor(std::uint64_t value) {
    std::size_t bytes = 1;
    while (value >>= 8) ++bytes;
    return bytes;
}

// The tree of names; adds the object of every link.
class LinkTree {
public:
    LinkTree(FileBytes& file, const LinkHeap& heap) : file_(file), heap_(heap) {}
    std::vector<std::uint64_t> read(std::uint64_t address);

private:
    std::uint64_t readNode(std::uint64_t address, std::uint64_t depth, std::uint64_t records);
    void readRecords(Fields& fields, std::uint64_t records);

    // Of nodes at a depth: records in one, records in it and below, bytes of a pointer to one from above.
    struct Level {
        std::uint64_t most = leaf_records;
        std::uint64_t most_below = leaf_records;
        std::size_t pointer_bytes = 8 + 1;
        std::size_t total_bytes = 0;
    };
    FileBytes& file_;
    const LinkHeap& heap_;
    std::vector<Level> levels_ = {{}};
    std::vector<std::uint64_t> children_;
};

std::vector<std::uint64_t> LinkTree::read(std::uint64_t address) {
    const std::string bytes = file_.structure(address, 38, "BTHD", {34});
    Fields fields(bytes, placeOf(address, "tree of names"));
    fields.takeBytes(4);
    fields.expect(1, 0, "version");
    fields.expect(1, 5, "kind of record");
    fields.expect(4, node_bytes, "size of a node");
    fields.expect(2, record_bytes, "size of a record");
    const std::uint64_t depth = fields.take(2);
    fields.require(depth <= 3, "is deeper than the links of a run file need");
    fields.expect(1, 100, "split");
    fields.expect(1, 40, "merge");
    const std::uint64_t root = fields.take(8);
    const std::uint64_t records = fields.take(2);
    const std::uint64_t total = fields.take(8);
    for (std::uint64_t i = 0; i < depth; ++i) {
        const Level below = levels_.back();
        Level level;
        level.most = (node_bytes - 10 - below.pointer_bytes) / (record_bytes + below.pointer_bytes);
        level.most_below = (level.most + 1) * below.most_below + level.most;
        level.total_bytes = bytesFor(level.most_below);
        level.pointer_bytes = 8 + 1 + level.total_bytes;
        levels_.push_back(level);
    }
    if (records == 0 && total == 0) return {};
    fields.require(readNode(root, depth, records) == total, "counts other links than it holds");
    return std::move(children_);
}

// Returns the records in the node and below.
std::uint64_t LinkTree::readNode(std::uint64_t address, std::uint64_t depth, std::uint64_t records) {
    const Level& level = levels_[depth];
    if (records == 0 || records > level.most) refuse(placeOf(address, "node of names"), "has a wrong number of links");
    const std::size_t below_bytes = depth > 0 ? (records + 1) * levels_[depth - 1].pointer_bytes : 0;
    const std::string bytes =
        file_.structure(address, node_bytes, depth > 0 ? "BTIN" : "BTLF", {6 + records * record_bytes + below_bytes});
    Fields fields(bytes, placeOf(address, "node of names"));
    fields.takeBytes(4);
    fields.expect(1, 0, "version");
    fields.expect(1, 5, "kind of record");
    readRecords(fields, records);
    std::uint64_t total = records;
    for (std::uint64_t i = 0; depth > 0 && i <= records; ++i) {
        const std::uint64_t child = fields.take(8);
        const std::uint64_t child_records = fields.take(1);
        const std::size_t total_bytes = levels_[depth - 1].total_bytes;
        const std::uint64_t claimed = total_bytes > 0 ? fields.take(total_bytes) : child_records;
        const std::uint64_t held = readNode(child, depth - 1, child_records);
        fields.require(held == claimed, "counts other links than it holds");
        total += held;
    }
    return total;
}

void LinkTree::readRecords(Fields& fields, std::uint64_t records) {
    for (std::uint64_t i = 0; i < records; ++i) {
        fields.takeBytes(4);  // hash of the name
        fields.expect(1, 0, "kind of a heap id");
        const std::uint64_t offset = fields.take(4);
        children_.push_back(heap_.linkAt(offset, fields.take(2)));
    }
}

}  // namespace

std::vector<std::uint64_t> readStoredLinks(FileBytes& file, std::uint64_t heap_address, std::uint64_t tree_address) {
    const LinkHeap heap(file, heap_address);
    return LinkTree(file, heap).read(tree_address);
}

}  // namespace fm::h5
