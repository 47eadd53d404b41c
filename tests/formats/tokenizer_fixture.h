// The recorded answers of HF tokenizers (tests/fixtures/tokenizers/make_tokenizers.py). Read with nlohmann/json because
// Qt's JSON swallows a byte order mark, which is one of the hard strings.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fixture {

using Ids = std::vector<std::int32_t>;

struct Answers {
    std::int64_t vocab_size = 0;
    std::vector<Ids> ids;                 // by string, special tokens recognised
    std::map<std::size_t, Ids> ordinary;  // by index of the string, special tokens left as text
    std::vector<std::pair<Ids, std::string>> decoded;
};

inline std::string path(const std::string& name) { return std::string(FM_FIXTURES "/tokenizers/") + name; }

inline nlohmann::json readJson(const std::string& name) {
    std::ifstream file(path(name), std::ios::binary);
    if (!file) throw std::runtime_error("cannot open " + path(name));
    return nlohmann::json::parse(file);
}

// Each id is `width` characters of base 64, the highest digit first.
inline Ids unpacked(const std::string& text, std::size_t width) {
    static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Ids ids;
    for (std::size_t at = 0; at < text.size(); at += width) {
        std::int32_t id = 0;
        for (const char digit : text.substr(at, width)) id = id * 64 + static_cast<std::int32_t>(kDigits.find(digit));
        ids.push_back(id);
    }
    return ids;
}

inline std::vector<std::string> readStrings() { return readJson("strings.json").get<std::vector<std::string>>(); }

inline Answers readAnswers(const std::string& family) {
    const nlohmann::json root = readJson(family + ".ids.json");
    const std::size_t width = root["width"].get<std::size_t>();
    Answers answers;
    answers.vocab_size = root["vocab_size"].get<std::int64_t>();
    for (const auto& text : root["ids"]) answers.ids.push_back(unpacked(text.get<std::string>(), width));
    for (const auto& [index, text] : root["ordinary"].items()) {
        answers.ordinary[std::stoul(index)] = unpacked(text.get<std::string>(), width);
    }
    for (const auto& pair : root["decoded"]) {
        answers.decoded.emplace_back(unpacked(pair[0].get<std::string>(), width), pair[1].get<std::string>());
    }
    return answers;
}

}  // namespace fixture
