#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/assert.h"
#include "core/base/atomic_file.h"
#include "core/formats/safetensors.h"

namespace fm {
namespace {

std::uint64_t bytesOf(const TensorToWrite& tensor) {
    const std::optional<std::uint64_t> bytes = checkedBytes(tensor.dtype, tensor.shape);
    FM_ASSERT(bytes, "a tensor in memory has a countable size");
    return bytes.value_or(0);
}

// Larger elements first: then every tensor is aligned to its elements although the format allows no padding.
std::vector<const TensorToWrite*> storageOrder(const std::vector<TensorToWrite>& tensors) {
    std::vector<const TensorToWrite*> order;
    order.reserve(tensors.size());
    for (const TensorToWrite& tensor : tensors) order.push_back(&tensor);
    std::stable_sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
        return blockBytes(a->dtype) > blockBytes(b->dtype);
    });
    return order;
}

std::string headerText(const std::vector<const TensorToWrite*>& order,
                       const std::map<std::string, std::string>& metadata) {
    nlohmann::ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
    for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
    std::uint64_t offset = 0;
    [[maybe_unused]] std::set<std::string> names = {"__metadata__"};
    for (const TensorToWrite* tensor : order) {
        FM_ASSERT(names.insert(tensor->name).second, "tensor names are distinct");
        FM_ASSERT(blockElements(tensor->dtype) == 1, "safetensors has no block-quantised types");
        const std::uint64_t end = offset + bytesOf(*tensor);
        header[tensor->name] = {
            {"dtype", toString(tensor->dtype)}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');  // the data begin at a multiple of 8
    return text;
}

}  // namespace

void writeSafetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                      const std::map<std::string, std::string>& metadata) {
    const std::vector<const TensorToWrite*> order = storageOrder(tensors);
    const std::string header = headerText(order, metadata);
    const std::uint64_t header_bytes = header.size();
    AtomicFile file(path);
    file.write(&header_bytes, sizeof header_bytes);
    file.write(header);
    for (const TensorToWrite* tensor : order) {
        file.write(tensor->data, static_cast<std::size_t>(bytesOf(*tensor)));
    }
    file.commit();
}

}  // namespace fm
