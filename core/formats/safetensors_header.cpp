#include "core/formats/safetensors_header.h"

#include <algorithm>
#include <unordered_set>

#include "core/formats/dtype_names.h"
#include "core/formats/format_error.h"
#include "core/formats/strict_json.h"

namespace fm {
namespace {

constexpr std::size_t kMostHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr std::size_t kLongestString = 1 << 19;        // metadata values; the parser's buffer grows to twice of that
// Far above any dense decoder; bounds what the tables of a small hostile header can cost.
constexpr std::size_t kMostTensors = 8192;
constexpr std::size_t kMostDims = 8;
constexpr std::size_t kLongestName = 512;

// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}
class HeaderSax final : public StrictJsonSax {
public:
    HeaderSax(const std::string& path, std::uint64_t text_offset) : StrictJsonSax(path, text_offset) {}

    SafetensorsHeader take() { return std::move(header_); }

    bool start_object(std::size_t) override {
        if (depth_ > 1 || in_array_) return StrictJsonSax::start_object(0);
        if (++depth_ == 2) beginEntry();
        return true;
    }
    bool end_object() override {
        if (depth_-- == 2 && !in_metadata_) endEntry();
        return true;
    }
    bool key(string_t& key) override {
        if (depth_ == 1) {
            name_ = key;
            checkName();
        } else if (in_metadata_) {
            field_ = key;
            if (header_.metadata.contains(key)) fail("the metadata key " + fm::quoted(key) + " appears twice");
        } else {
            field_ = key;
            beginField();
        }
        return true;
    }
    bool string(string_t& value) override {
        if (depth_ == 2 && in_metadata_) {
            header_.metadata.emplace(field_, std::move(value));
            return true;
        }
        if (depth_ != 2 || field_ != "dtype") return StrictJsonSax::string(value);
        const std::optional<DType> dtype = dtypeFromSafetensors(value);
        if (!dtype) fail("is stored as " + fm::quoted(value) + ", which is not supported");
        entry().view.dtype = *dtype;
        return true;
    }
    bool start_array(std::size_t) override {
        if (depth_ != 2 || in_metadata_ || in_array_ || field_ == "dtype") return StrictJsonSax::start_array(0);
        in_array_ = true;
        return true;
    }
    bool end_array() override {
        in_array_ = false;
        return true;
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (!in_array_) return StrictJsonSax::number_unsigned(value);
        if (field_ == "shape") {
            if (entry().view.shape.size() == kMostDims) fail("has more than 8 dimensions");
            if (value > static_cast<std::uint64_t>(INT64_MAX)) fail("has a dimension beyond 63 bits");
            entry().view.shape.push_back(static_cast<std::int64_t>(value));
        } else {
            if (offsets_seen_ == 2) fail("has more than two data_offsets");
            (offsets_seen_ == 0 ? entry().begin : entry().end) = value;
            ++offsets_seen_;
        }
        return true;
    }

protected:
    std::string where() const override {
        if (depth_ == 0 || name_.empty()) return atByte(base_offset_);
        return (in_metadata_ ? "key " : "tensor ") + fm::quoted(name_);
    }

private:
    SafetensorsHeader::Entry& entry() { return header_.entries.back(); }

    void checkName() {
        in_metadata_ = name_ == "__metadata__";
        if (name_.empty()) fail("a tensor has an empty name");
        if (name_.size() > kLongestName) fail("has a name longer than 512 bytes");
        if (!names_.insert(name_).second) fail("appears twice");
    }
    void beginEntry() {
        if (in_metadata_) return;
        if (header_.entries.size() == kMostTensors) fail("the file has more than 8192 tensors");
        header_.entries.emplace_back().view.name = name_;
        dtype_seen_ = shape_seen_ = false;
        offsets_seen_ = 0;
        offsets_key_seen_ = false;
    }
    void beginField() {
        bool* seen = field_ == "dtype"          ? &dtype_seen_
                     : field_ == "shape"        ? &shape_seen_
                     : field_ == "data_offsets" ? &offsets_key_seen_
                                                : nullptr;
        if (seen == nullptr) fail("has the unknown field " + fm::quoted(field_));
        if (*seen) fail("has the field " + fm::quoted(field_) + " twice");
        *seen = true;
    }
    void endEntry() {
        if (!dtype_seen_) fail("has no dtype");
        if (!shape_seen_) fail("has no shape");
        if (offsets_seen_ != 2) fail("must have two data_offsets");
        checkSize();
    }
    void checkSize() {
        const SafetensorsHeader::Entry& done = entry();
        if (done.begin > done.end) fail("has data_offsets that run backwards");
        const std::optional<std::uint64_t> bytes = checkedBytes(done.view.dtype, done.view.shape);
        if (!bytes) fail("has a shape with more elements than 64 bits can count");
        if (done.end - done.begin != *bytes) {
            fail("its type and shape need " + std::to_string(*bytes) + " bytes, but its data_offsets span " +
                 std::to_string(done.end - done.begin));
        }
    }

    SafetensorsHeader header_;
    std::unordered_set<std::string> names_;
    std::string name_;
    std::string field_;
    int depth_ = 0;
    bool in_metadata_ = false;
    bool in_array_ = false;
    bool dtype_seen_ = false;
    bool shape_seen_ = false;
    bool offsets_key_seen_ = false;
    int offsets_seen_ = 0;
};

void checkCoverage(const SafetensorsHeader& header, std::uint64_t data_bytes, const std::string& path) {
    std::uint64_t covered = 0;
    for (const SafetensorsHeader::Entry& entry : header.entries) {
        const std::string who = "tensor " + fm::quoted(entry.view.name);
        if (entry.end > data_bytes) {
            failFormat(path, who,
                       "ends at data byte " + std::to_string(entry.end) + ", but the data section has only " +
                           std::to_string(data_bytes) + " bytes");
        }
        if (entry.begin < covered) {
            failFormat(path, who, "overlaps the tensor before it, which ends at data byte " + std::to_string(covered));
        }
        if (entry.begin > covered) {
            failFormat(path, who,
                       "leaves a hole before it: data bytes " + std::to_string(covered) + " to " +
                           std::to_string(entry.begin) + " belong to no tensor");
        }
        covered = entry.end;
    }
    if (covered != data_bytes) {
        failFormat(path, "data byte " + std::to_string(covered),
                   std::to_string(data_bytes - covered) + " bytes after the last tensor belong to no tensor");
    }
}

}  // namespace

SafetensorsHeader parseSafetensorsHeader(std::string_view text, std::uint64_t text_offset, std::uint64_t data_bytes,
                                         const std::string& path) {
    HeaderSax sax(path, text_offset);
    sax.run(text, {kMostHeaderBytes, 3, kLongestString});
    SafetensorsHeader header = sax.take();
    // Empty tensors go before the one that begins at the same byte.
    std::stable_sort(header.entries.begin(), header.entries.end(),
                     [](const SafetensorsHeader::Entry& a, const SafetensorsHeader::Entry& b) {
                         return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                     });
    checkCoverage(header, data_bytes, path);
    return header;
}

}  // namespace fm
