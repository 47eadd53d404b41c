// JSON from hostile files on top of nlohmann/json: bounded depth and token length, no duplicate keys, no trailing text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace fm {

struct JsonLimits {
    std::size_t max_bytes = 0;            // of the whole text
    int max_depth = 16;                   // nested arrays and objects
    std::size_t max_token_bytes = 65536;  // of one string or number: the parser's buffer grows to twice of that
};

// Refuses what nlohmann's parsers would swallow without limit. Offsets in errors count from `base_offset`.
void checkJsonLimits(std::string_view text, const JsonLimits& limits, const std::string& path,
                     std::uint64_t base_offset = 0);

// A document tree. A tree costs up to 32 bytes per byte of text, so it is for small files; large ones go through
// StrictJsonSax. Throws FormatError with the offset of the mistake, or the key that appears twice.
nlohmann::json parseStrictJson(std::string_view text, const JsonLimits& limits, const std::string& path);

// Base of handlers that fill our own structures without a tree. Every event a handler does not override is refused.
class StrictJsonSax : public nlohmann::json_sax<nlohmann::json> {
public:
    StrictJsonSax(std::string path, std::uint64_t base_offset) : path_(std::move(path)), base_offset_(base_offset) {}

    // checkJsonLimits, then the events. The text must be one complete object.
    void run(std::string_view text, const JsonLimits& limits);

    bool null() override { fail("null is not allowed here"); }
    bool boolean(bool) override { fail("true and false are not allowed here"); }
    bool number_integer(number_integer_t) override { fail("a negative number is not allowed here"); }
    bool number_unsigned(number_unsigned_t) override { fail("a number is not allowed here"); }
    bool number_float(number_float_t, const string_t&) override {
        fail("a fraction or a number beyond 64 bits is not allowed here");
    }
    bool string(string_t&) override { fail("a string is not allowed here"); }
    bool binary(binary_t&) override { fail("binary data is not allowed here"); }
    bool start_object(std::size_t) override { fail("an object is not allowed here"); }
    bool start_array(std::size_t) override { fail("an array is not allowed here"); }
    bool parse_error(std::size_t position, const std::string& last_token,
                     const nlohmann::json::exception& error) override;

protected:
    // Names the place by where().
    [[noreturn]] void fail(const std::string& what) const;
    virtual std::string where() const = 0;  // e.g. "tensor \"a\""

    const std::string path_;
    const std::uint64_t base_offset_;
};

}  // namespace fm
