#include "core/store/structure_messages.h"

#include <limits>

namespace fm::h5 {

namespace {

constexpr std::uint64_t largest_text_bytes = 1 << 20;

StoredExtent readExtent(Fields& fields) {
    StoredExtent extent;
    fields.expect(1, 2, "version of a dataspace");
    extent.rank = static_cast<int>(fields.take(1));
    const std::uint64_t has_limit = fields.take(1);
    const std::uint64_t kind = fields.take(1);
    fields.require(extent.rank <= 2 && has_limit <= 1 && kind <= 1 && (kind == 0) == (extent.rank == 0),
                   "has a dataspace that no run file has");
    for (int i = 0; i < extent.rank; ++i) extent.limit[i] = extent.size[i] = fields.take(8);
    for (int i = 0; i < extent.rank && has_limit == 1; ++i) extent.limit[i] = fields.take(8);
    for (int i = 0; i < extent.rank; ++i)
        fields.require(extent.size[i] <= extent.limit[i], "has an extent above its limit");
    return extent;
}

// Returns the bytes of one element. The types of columns and attributes, and no others.
std::uint64_t readType(Fields& fields) {
    const std::uint64_t kind = fields.take(1);
    const std::uint64_t bits = fields.take(3);
    const std::uint64_t bytes = fields.take(4);
    const std::uint64_t version = kind >> 4;
    fields.require(version == 1 || version == 3, "has a datatype of an unknown version");
    switch (kind & 15) {
        case 0: {  // integer: signed, little-endian
            fields.require(bits == 8 && bytes == 8, "has an integer type that no run file has");
            fields.expect(2, 0, "bit offset");
            fields.expect(2, 64, "precision");
            return bytes;
        }
        case 1: {  // IEEE 754, little-endian
            const bool wide = bytes == 8;
            fields.require(bits == (wide ? 0x3f20 : 0x1f20) && (wide || bytes == 4), "has an unknown float type");
            fields.expect(2, 0, "bit offset");
            fields.expect(2, bytes * 8, "precision");
            fields.expect(1, wide ? 52 : 23, "place of the exponent");
            fields.expect(1, wide ? 11 : 8, "size of the exponent");
            fields.expect(1, 0, "place of the mantissa");
            fields.expect(1, wide ? 52 : 23, "size of the mantissa");
            fields.expect(4, wide ? 1023 : 127, "bias of the exponent");
            return bytes;
        }
        case 3: {  // text of fixed size
            fields.require((bits & 15) <= 2 && bits >> 4 <= 1, "has a text type that no run file has");
            fields.require(bytes >= 1 && bytes <= largest_text_bytes, "has a text of an impossible size");
            return bytes;
        }
        default:
            fields.require(false, "has a datatype that no run file has");
    }
    return 0;
}

std::uint64_t readFill(Fields& fields) {
    fields.expect(1, 3, "version of a fill value");
    const std::uint64_t flags = fields.take(1);
    fields.require((flags & 3) >= 1 && ((flags >> 2) & 3) <= 2 && (flags & 0x10) == 0 && flags >> 6 == 0,
                   "has a fill value that no run file has");
    if ((flags & 0x20) == 0) return 0;
    const std::uint64_t bytes = fields.take(4);
    fields.takeBytes(bytes);
    return bytes;
}

// The index of chunks that datasets with one unlimited dimension have.
void readChunks(Fields& fields, StoredData& data) {
    fields.expect(1, 0, "flags of chunks");
    data.chunk_dimensions = static_cast<int>(fields.take(1));
    const std::uint64_t width = fields.take(1);
    fields.require(data.chunk_dimensions >= 2 && data.chunk_dimensions <= 3 && width >= 1 && width <= 8,
                   "has chunks of another number of dimensions");
    for (int i = 0; i < data.chunk_dimensions; ++i) {
        data.chunk[i] = fields.take(width);
        fields.require(data.chunk[i] >= 1 && data.chunk[i] <= 64 << 20, "has chunks of an impossible size");
    }
    fields.expect(1, 4, "kind of chunk index");
    for (const std::uint64_t value : {32, 4, 4, 16, 10}) fields.expect(1, value, "parameter of the chunk index");
}

StoredData readLayout(Fields& fields) {
    StoredData data;
    const std::uint64_t version = fields.take(1);
    const std::uint64_t kind = fields.take(1);
    fields.require(kind == 1 || kind == 2, "does not keep its data in this file in a way that our writer uses");
    data.chunked = kind == 2;
    fields.require(version == 4 || (version == 3 && !data.chunked), "has a data layout of an unknown version");
    if (data.chunked) readChunks(fields, data);
    data.address = fields.take(8);
    if (!data.chunked) data.bytes = fields.take(8);
    return data;
}

void readAttribute(Fields& fields) {
    fields.expect(1, 3, "version of an attribute");
    fields.expect(1, 0, "flags of an attribute");
    const std::uint64_t name_bytes = fields.take(2);
    const std::uint64_t type_bytes = fields.take(2);
    const std::uint64_t extent_bytes = fields.take(2);
    fields.require(fields.take(1) <= 1, "has an attribute in an unknown character set");
    const std::string_view name = fields.takeBytes(name_bytes);
    fields.require(name.size() >= 2 && name.find('\0') == name.size() - 1, "has an attribute without a proper name");
    Fields type(fields.takeBytes(type_bytes), fields.place());
    Fields space(fields.takeBytes(extent_bytes), fields.place());
    const std::uint64_t element = readType(type);
    const StoredExtent extent = readExtent(space);
    fields.require(type.left() == 0 && space.left() == 0 && extent.rank <= 1, "has an attribute of a wrong size");
    fields.require(extent.size[0] <= fields.left() && extent.size[0] * element == fields.left(),
                   "has an attribute of a wrong size");
    fields.takeBytes(fields.left());
}

void readGroupInfo(Fields& fields) {
    fields.expect(1, 0, "version of a group");
    const std::uint64_t flags = fields.take(1);
    fields.require(flags <= 3, "has unknown flags of a group");
    fields.takeBytes((flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0));
}

ObjectMessages::LinkStorage readLinkStorage(Fields& fields) {
    fields.expect(1, 0, "version of the links");
    fields.expect(1, 0, "flags of the links");
    ObjectMessages::LinkStorage storage;
    storage.heap = fields.take(8);
    storage.names = fields.take(8);
    fields.require((storage.heap == no_address) == (storage.names == no_address), "has half a storage of links");
    return storage;
}

// Attributes are all in the header: the other kind of storage is for more and larger ones than ours.
void readAttributeInfo(Fields& fields) {
    fields.expect(1, 0, "version of the attributes");
    fields.expect(1, 0, "flags of the attributes");
    fields.require(fields.take(8) == no_address && fields.take(8) == no_address,
                   "keeps attributes outside of the header");
}

template <class Value>
void setOnce(std::optional<Value>& target, Value value, const Fields& fields) {
    fields.require(!target.has_value(), "has two messages of one kind");
    target = value;
}

}  // namespace

std::uint64_t readLink(Fields& fields) {
    fields.expect(1, 1, "version of a link");
    const std::uint64_t flags = fields.take(1);
    fields.require((flags & ~std::uint64_t{0x1b}) == 0, "has unknown flags of a link");
    if (flags & 8) fields.require(fields.take(1) == 0, "is a link to somewhere else");
    if (flags & 16) fields.require(fields.take(1) <= 1, "has a link in an unknown character set");
    const std::string_view name = fields.takeBytes(fields.take(std::size_t{1} << (flags & 3)));
    fields.require(!name.empty() && name.find('\0') == std::string_view::npos, "has a link without a proper name");
    return fields.take(8);
}

void readMessage(std::uint64_t type, Fields fields, ObjectMessages& object) {
    switch (type) {
        case 0x00:
            return;  // free space
        case 0x01:
            setOnce(object.extent, readExtent(fields), fields);
            break;
        case 0x02:
            setOnce(object.links, readLinkStorage(fields), fields);
            break;
        case 0x03:
            setOnce(object.element_bytes, readType(fields), fields);
            break;
        case 0x05:
            setOnce(object.fill_bytes, readFill(fields), fields);
            break;
        case 0x06:
            object.children.push_back(readLink(fields));
            break;
        case 0x08:
            setOnce(object.data, readLayout(fields), fields);
            break;
        case 0x0a:
            readGroupInfo(fields);
            break;
        case 0x0c:
            readAttribute(fields);
            break;
        case 0x10: {
            const std::uint64_t address = fields.take(8);
            object.continuations.push_back({address, fields.take(8)});
            break;
        }
        case 0x15:
            readAttributeInfo(fields);
            break;
        default:
            fields.require(false, "has a message that no run file has");
    }
    fields.require(fields.left() == 0, "has a message of a wrong size");
}

}  // namespace fm::h5
