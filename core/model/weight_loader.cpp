#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/base/error.h"
#include "core/model/decoder_weights.h"
#include "core/model/weight_layout.h"

namespace fm {

namespace {

// Rows are read in blocks of about this many values, by several threads: small enough that staging does not count.
constexpr std::int64_t kBlockValues = 1 << 17;

void requireEveryTensor(const Checkpoint& checkpoint) {
    const std::vector<std::string> problems = accountForTensors(checkpoint);
    if (problems.empty()) return;
    std::string text = checkpoint.path() + ": the tensors are not those of its configuration:";
    for (const std::string& problem : problems) text += "\n  " + problem;
    throw FormatError(text);
}

// GGUF stores the rows of q and k in another order, which read() undoes for whole tensors only.
bool canBeSplit(const TensorView& view) {
    return view.shape.size() == 2 && !view.name.ends_with("q_proj.weight") && !view.name.ends_with("k_proj.weight");
}

TensorView rowsOf(const TensorView& view, std::int64_t first, std::int64_t count) {
    const std::size_t row_bytes = view.bytes.size() / static_cast<std::size_t>(view.shape.front());
    TensorView rows = view;
    rows.shape.front() = count;
    rows.bytes =
        view.bytes.subspan(static_cast<std::size_t>(first) * row_bytes, static_cast<std::size_t>(count) * row_bytes);
    return rows;
}

// The mapped file counts as resident memory once it has been read. Dropping the pages costs nothing: they are clean,
// and the system reads them again if a neighbouring tensor needs them.
void dropPages(std::span<const std::byte> bytes) {
    const std::uintptr_t page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(bytes.data()) / page * page;
    const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size();
    if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void readBlock(const Checkpoint& checkpoint, const TensorView& view, const at::Tensor& target) {
    const bool direct = target.is_cpu() && target.scalar_type() == at::kFloat;
    const at::Tensor values = direct ? target : at::empty(target.sizes(), at::TensorOptions(at::kFloat));
    checkpoint.read(view, {values.mutable_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
    if (!direct) target.copy_(values);
    dropPages(view.bytes);
}

void readTensor(const Checkpoint& checkpoint, const TensorView& view, const at::Tensor& target) {
    if (!canBeSplit(view)) return readBlock(checkpoint, view, target);
    const std::int64_t rows = view.shape.front();
    const std::int64_t block = std::max<std::int64_t>(1, kBlockValues / std::max<std::int64_t>(1, view.shape.back()));
    const std::int64_t blocks = (rows + block - 1) / block;
    const auto readBlocks = [&](std::int64_t first, std::int64_t last) {
        const c10::NoGradGuard no_grad;  // per thread
        for (std::int64_t i = first; i < last; ++i) {
            const std::int64_t count = std::min(block, rows - i * block);
            readBlock(checkpoint, rowsOf(view, i * block, count), target.narrow(0, i * block, count));
        }
    };
    if (target.is_cpu()) {
        at::parallel_for(0, blocks, 1, readBlocks);
    } else {
        readBlocks(0, blocks);
    }
}

}  // namespace

DecoderWeights loadWeights(const Checkpoint& checkpoint, at::Device device, at::ScalarType dtype,
                           const std::function<void(std::int64_t, std::int64_t)>& on_tensor) {
    requireEveryTensor(checkpoint);
    const c10::NoGradGuard no_grad;
    DecoderWeights weights = allocateWeights(checkpoint.config(), device, dtype);
    std::int64_t total = 0;
    forEachTensor(weights, [&](const std::string&, at::Tensor&) { ++total; });
    std::int64_t done = 0;
    forEachTensor(weights, [&](const std::string& name, at::Tensor& tensor) {
        readTensor(checkpoint, *checkpoint.find(name), tensor);
        ++done;
        if (on_tensor) on_tensor(done, total);
    });
    return weights;
}

}  // namespace fm
