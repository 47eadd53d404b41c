#include "core/formats/strict_json.h"

#include <set>
#include <vector>

#include "core/formats/format_error.h"

namespace fm {
namespace {

// "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error ..." -> from "syntax error" on;
// "[json.exception.out_of_range.406] number overflow parsing '1e999'" -> from "number overflow" on.
std::string reasonOf(const nlohmann::json::exception& error) {
    std::string_view shown = error.what();
    for (const std::string_view before : {"] ", ": "})
        if (const std::size_t at = shown.find(before); at != std::string_view::npos) shown.remove_prefix(at + 2);
    return "is not valid JSON: " + quoted(shown);
}

}  // namespace

void checkJsonLimits(std::string_view text, const JsonLimits& limits, const std::string& path,
                     std::uint64_t base_offset) {
    if (text.size() > limits.max_bytes) {
        failFormat(path, atByte(base_offset),
                   "the JSON text is " + std::to_string(text.size()) + " bytes long; at most " +
                       std::to_string(limits.max_bytes) + " are read");
    }
    int depth = 0;
    std::size_t token_bytes = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool ends_token = !in_string && std::string_view("{}[]:, \t\r\n").find(c) != std::string_view::npos;
        token_bytes = ends_token ? 0 : token_bytes + 1;
        if (token_bytes > limits.max_token_bytes) {
            failFormat(path, atByte(base_offset + i),
                       "a string or number is longer than " + std::to_string(limits.max_token_bytes) + " bytes");
        }
        if (in_string) {
            if (c == '\\') {
                ++i;
                ++token_bytes;
            } else if (c == '"') {
                in_string = false;
                token_bytes = 0;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > limits.max_depth) {
                failFormat(path, atByte(base_offset + i),
                           "arrays and objects are nested deeper than " + std::to_string(limits.max_depth));
            }
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
}

nlohmann::json parseStrictJson(std::string_view text, const JsonLimits& limits, const std::string& path) {
    using Event = nlohmann::json::parse_event_t;
    checkJsonLimits(text, limits, path);
    std::vector<std::set<std::string>> keys_of_open_objects;
    const auto refuse_duplicates = [&](int, Event event, nlohmann::json& parsed) {
        if (event == Event::object_start) keys_of_open_objects.emplace_back();
        if (event == Event::object_end) keys_of_open_objects.pop_back();
        if (event == Event::key) {
            const std::string& key = parsed.get_ref<const std::string&>();
            if (!keys_of_open_objects.back().insert(key).second) {
                failFormat(path, "key " + quoted(key), "appears twice in the same object");
            }
        }
        return true;
    };
    try {
        return nlohmann::json::parse(text, refuse_duplicates);
    } catch (const nlohmann::json::parse_error& error) {
        failFormat(path, atByte(error.byte), reasonOf(error));
    } catch (const nlohmann::json::exception& error) {  // a number beyond double
        failFormat(path, atByte(0), reasonOf(error));
    }
}

void StrictJsonSax::run(std::string_view text, const JsonLimits& limits) {
    checkJsonLimits(text, limits, path_, base_offset_);
    if (text.empty() || text.front() != '{') failFormat(path_, atByte(base_offset_), "the JSON text must begin with {");
    nlohmann::json::sax_parse(text, this);
}

bool StrictJsonSax::parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
    failFormat(path_, atByte(base_offset_ + position), reasonOf(error));
}

void StrictJsonSax::fail(const std::string& what) const { failFormat(path_, where(), what); }

}  // namespace fm
