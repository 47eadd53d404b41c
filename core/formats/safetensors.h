// safetensors files: memory-mapped reading (every byte hostile) and atomic writing.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/formats/tensor_view.h"

namespace fm {

class MappedFile;

// Immutable after open(); views may be read from several threads.
class SafetensorsFile {
public:
    // Throws FormatError naming file and offset or key.
    static SafetensorsFile open(const std::string& path);

    const std::vector<TensorView>& tensors() const { return tensors_; }
    const TensorView* find(const std::string& name) const;  // nullptr when absent
    const std::map<std::string, std::string>& metadata() const { return metadata_; }

private:
    std::shared_ptr<const MappedFile> file_;
    std::vector<TensorView> tensors_;
    std::map<std::string, std::string> metadata_;
};

struct TensorToWrite {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    const void* data = nullptr;  // contiguous, elements x dtype size
};

// Writes under a temporary name, syncs, renames. Throws WorldError (full disk, no permission); `path` is then
// untouched. Tensors are stored larger elements first and otherwise in the given order: the format allows no padding,
// and so each one is aligned to its elements all the same. "__metadata__" gets {"format":"pt"} and `metadata`.
void writeSafetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace fm
