#include "tests/model/model_fixture.h"

#include <cstring>
#include <stdexcept>

#include "core/formats/safetensors.h"

namespace fm::test {

std::string modelFolder(const std::string& name) { return std::string(FM_FIXTURES) + "/model/" + name; }

std::map<std::string, at::Tensor> readReference(const std::string& path) {
    const SafetensorsFile file = SafetensorsFile::open(path);
    std::map<std::string, at::Tensor> tensors;
    for (const TensorView& view : file.tensors()) {
        if (view.dtype != DType::F32 && view.dtype != DType::I32) throw std::runtime_error("unexpected dtype");
        const at::ScalarType dtype = view.dtype == DType::F32 ? at::kFloat : at::kInt;
        const at::Tensor tensor = at::empty(view.shape, at::TensorOptions(dtype));
        std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
        tensors[view.name] = tensor;
    }
    return tensors;
}

ModelFixture loadModelFixture(const std::string& name, at::ScalarType dtype) {
    const std::map<std::string, at::Tensor> reference = readReference(modelFolder(name) + "/expected.safetensors");
    ModelFixture fixture;
    fixture.weights = loadWeights(*Checkpoint::open(modelFolder(name)), at::kCPU, dtype);
    for (const char* suffix : {"0", "1"}) {
        fixture.ids_BT.push_back(reference.at(std::string("ids_") + suffix).to(at::kLong).unsqueeze(0));
        fixture.logits_TV.push_back(reference.at(std::string("logits_") + suffix));
    }
    const at::Tensor greedy = reference.at("greedy");
    fixture.greedy.assign(greedy.const_data_ptr<std::int32_t>(),
                          greedy.const_data_ptr<std::int32_t>() + greedy.numel());
    return fixture;
}

}  // namespace fm::test
