#include "core/formats/dtype_names.h"

#include <array>

namespace fm {
namespace {

struct GgmlType {
    std::uint32_t id;
    const char* name;
    std::optional<DType> dtype;
};

// Ids as ggml assigned them; gaps are types that ggml has withdrawn.
constexpr std::array kGgmlTypes = {
    GgmlType{0, "F32", DType::F32},       GgmlType{1, "F16", DType::F16},        GgmlType{2, "Q4_0", DType::Q4_0},
    GgmlType{3, "Q4_1", DType::Q4_1},     GgmlType{6, "Q5_0", DType::Q5_0},      GgmlType{7, "Q5_1", DType::Q5_1},
    GgmlType{8, "Q8_0", DType::Q8_0},     GgmlType{9, "Q8_1", std::nullopt},     GgmlType{10, "Q2_K", std::nullopt},
    GgmlType{11, "Q3_K", std::nullopt},   GgmlType{12, "Q4_K", std::nullopt},    GgmlType{13, "Q5_K", std::nullopt},
    GgmlType{14, "Q6_K", DType::Q6_K},    GgmlType{15, "Q8_K", std::nullopt},    GgmlType{16, "IQ2_XXS", std::nullopt},
    GgmlType{17, "IQ2_XS", std::nullopt}, GgmlType{18, "IQ3_XXS", std::nullopt}, GgmlType{19, "IQ1_S", std::nullopt},
    GgmlType{20, "IQ4_NL", std::nullopt}, GgmlType{21, "IQ3_S", std::nullopt},   GgmlType{22, "IQ2_S", std::nullopt},
    GgmlType{23, "IQ4_XS", std::nullopt}, GgmlType{24, "I8", DType::I8},         GgmlType{25, "I16", DType::I16},
    GgmlType{26, "I32", DType::I32},      GgmlType{27, "I64", DType::I64},       GgmlType{28, "F64", DType::F64},
    GgmlType{29, "IQ1_M", std::nullopt},  GgmlType{30, "BF16", DType::BF16},     GgmlType{34, "TQ1_0", std::nullopt},
    GgmlType{35, "TQ2_0", std::nullopt},  GgmlType{39, "MXFP4", std::nullopt},   GgmlType{40, "NVFP4", std::nullopt},
    GgmlType{41, "Q1_0", std::nullopt},
};

constexpr std::array kSafetensorsTypes = {DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64,
                                          DType::I32, DType::I16, DType::I8,  DType::U8,   DType::Bool};

}  // namespace

std::optional<DType> dtypeFromSafetensors(std::string_view name) {
    for (const DType dtype : kSafetensorsTypes) {
        if (name == toString(dtype)) return dtype;
    }
    return std::nullopt;
}

std::optional<DType> dtypeFromGgml(std::uint32_t type_id) {
    for (const GgmlType& type : kGgmlTypes) {
        if (type.id == type_id) return type.dtype;
    }
    return std::nullopt;
}

std::string ggmlTypeName(std::uint32_t type_id) {
    for (const GgmlType& type : kGgmlTypes) {
        if (type.id == type_id) return type.name;
    }
    return "type " + std::to_string(type_id);
}

}  // namespace fm
