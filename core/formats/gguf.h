// GGUF files (versions 2 and 3, little-endian): typed metadata and tensors over one mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/formats/tensor_view.h"

namespace fm {

class MappedFile;

// The numbers are those of the file format.
enum class GgufType : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };
const char* toString(GgufType type);

// An array still in the mapping: a vocabulary of 150,000 strings costs no memory until somebody wants it. Lengths and
// bools were checked when the file was opened.
struct GgufArray {
    GgufType element = GgufType::U8;
    std::size_t count = 0;
    std::span<const std::byte> bytes;

    // i < count. integerAt: integer and bool elements (a U64 beyond int64 wraps); numberAt: these and floats.
    std::int64_t integerAt(std::size_t i) const;
    double numberAt(std::size_t i) const;
    // String elements, in order. The views live as long as the file.
    void forEachString(const std::function<void(std::size_t i, std::string_view text)>& use) const;
};

// U8..U32 and signed types are int64; U64 stays unsigned.
using GgufValue = std::variant<std::int64_t, std::uint64_t, float, double, bool, std::string_view, GgufArray>;

// Immutable after open(); may be read from several threads. Views and arrays live as long as this object or a copy.
class GgufFile {
public:
    // Throws FormatError naming file and offset or key; WorldError when the file cannot be opened.
    static GgufFile open(const std::string& path);

    const std::string& path() const;

    // Tensors under GGUF's names, shape turned round to row-major (slowest first), in the order of the file.
    const std::vector<TensorView>& tensors() const { return tensors_; }
    const TensorView* find(std::string_view name) const;  // nullptr when absent

    const std::map<std::string, GgufValue, std::less<>>& values() const { return values_; }
    const GgufValue* value(std::string_view key) const;  // nullptr when absent

    // nullopt when absent; FormatError naming the key when it is there with another type. Strings may hold any bytes.
    std::optional<std::int64_t> integer(std::string_view key) const;
    // Integers too. A 32-bit float gives the shortest decimal that names it (1e-5, not 9.99999975e-6), because HF
    // configs of the same model spell it so.
    std::optional<double> number(std::string_view key) const;
    std::optional<bool> boolean(std::string_view key) const;
    std::optional<std::string_view> text(std::string_view key) const;
    std::optional<GgufArray> array(std::string_view key) const;  // any element type
    std::optional<GgufArray> array(std::string_view key, GgufType element) const;

private:
    std::shared_ptr<const MappedFile> file_;
    std::map<std::string, GgufValue, std::less<>> values_;
    std::vector<TensorView> tensors_;
};

}  // namespace fm
