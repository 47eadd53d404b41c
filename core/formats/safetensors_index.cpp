#include "core/formats/safetensors_index.h"

#include "core/formats/format_error.h"
#include "core/formats/mapped_file.h"
#include "core/formats/strict_json.h"

namespace fm {
namespace {

constexpr JsonLimits kLimits = {.max_bytes = 16 << 20, .max_depth = 8, .max_token_bytes = 4096};

// {"metadata": {anything}, "weight_map": {"tensor": "file"}}
class IndexSax final : public StrictJsonSax {
public:
    explicit IndexSax(const std::string& path) : StrictJsonSax(path, 0) {}

    std::map<std::string, std::string> take() {
        if (!map_seen_) fail("has no weight_map");
        return std::move(map_);
    }

    bool key(string_t& key) override {
        if (depth_ == 1) {
            section_ = key;
            if (section_ != "metadata" && section_ != "weight_map") fail("is not known in an index");
            bool& seen = section_ == "metadata" ? metadata_seen_ : map_seen_;
            if (seen) fail("appears twice");
            seen = true;
        } else if (inMap()) {
            tensor_ = key;
            if (map_.contains(tensor_)) fail("the tensor " + fm::quoted(tensor_) + " appears twice");
        }
        return true;
    }
    bool string(string_t& value) override {
        if (inMetadata()) return true;
        if (!inMap() || depth_ != 2) return StrictJsonSax::string(value);
        checkFileName(value);
        map_.emplace(tensor_, std::move(value));
        return true;
    }
    bool start_object(std::size_t size) override {
        const bool expected = depth_ == 0 || depth_ == 1 || inMetadata();
        if (!expected) return StrictJsonSax::start_object(size);
        ++depth_;
        return true;
    }
    bool end_object() override {
        --depth_;
        return true;
    }
    bool start_array(std::size_t size) override {
        if (!inMetadata()) return StrictJsonSax::start_array(size);
        ++depth_;
        return true;
    }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool null() override { return inMetadata() || StrictJsonSax::null(); }
    bool boolean(bool value) override { return inMetadata() || StrictJsonSax::boolean(value); }
    bool number_integer(number_integer_t value) override {
        return inMetadata() || StrictJsonSax::number_integer(value);
    }
    bool number_unsigned(number_unsigned_t value) override {
        return inMetadata() || StrictJsonSax::number_unsigned(value);
    }
    bool number_float(number_float_t value, const string_t& text) override {
        return inMetadata() || StrictJsonSax::number_float(value, text);
    }

protected:
    std::string where() const override { return section_.empty() ? atByte(0) : "key " + fm::quoted(section_); }

private:
    bool inMetadata() const { return depth_ >= 2 && section_ == "metadata"; }
    bool inMap() const { return depth_ == 2 && section_ == "weight_map"; }

    // A shard lies beside its index; anything else would let a downloaded index read files elsewhere.
    void checkFileName(const std::string& name) const {
        const bool plain = name.find_first_of(std::string("/\\\0", 3)) == std::string::npos && !name.starts_with(".");
        if (!plain || !name.ends_with(".safetensors")) {
            fail("the tensor " + fm::quoted(tensor_) + " is said to be in " + fm::quoted(name) +
                 ", which is no plain *.safetensors file name");
        }
    }

    std::map<std::string, std::string> map_;
    std::string section_;
    std::string tensor_;
    int depth_ = 0;
    bool metadata_seen_ = false;
    bool map_seen_ = false;
};

}  // namespace

std::map<std::string, std::string> readSafetensorsIndex(const std::string& path) {
    const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
    IndexSax sax(path);
    sax.run(file->text(), kLimits);
    return sax.take();
}

}  // namespace fm
