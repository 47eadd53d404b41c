#include "core/formats/safetensors.h"

#include "core/formats/byte_load.h"
#include "core/formats/format_error.h"
#include "core/formats/mapped_file.h"
#include "core/formats/safetensors_header.h"

namespace fm {

SafetensorsFile SafetensorsFile::open(const std::string& path) {
    SafetensorsFile result;
    result.file_ = MappedFile::open(path);
    const std::span<const std::byte> bytes = result.file_->bytes();
    if (bytes.size() < 8) {
        failFormat(path, atByte(0),
                   "a safetensors file has at least 8 bytes, this one " + std::to_string(bytes.size()));
    }
    const std::uint64_t header_bytes = loadAs<std::uint64_t>(bytes.data());
    if (header_bytes > bytes.size() - 8) {
        failFormat(path, atByte(0),
                   "claims a header of " + std::to_string(header_bytes) + " bytes, but only " +
                       std::to_string(bytes.size() - 8) + " follow");
    }
    const std::string_view text = result.file_->text().substr(8, static_cast<std::size_t>(header_bytes));
    const std::span<const std::byte> data = bytes.subspan(8 + text.size());
    SafetensorsHeader header = parseSafetensorsHeader(text, 8, data.size(), path);
    result.metadata_ = std::move(header.metadata);
    result.tensors_.reserve(header.entries.size());
    for (SafetensorsHeader::Entry& entry : header.entries) {
        entry.view.bytes =
            data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin));
        result.tensors_.push_back(std::move(entry.view));
    }
    return result;
}

const TensorView* SafetensorsFile::find(const std::string& name) const {
    for (const TensorView& tensor : tensors_) {
        if (tensor.name == name) return &tensor;
    }
    return nullptr;
}

}  // namespace fm
