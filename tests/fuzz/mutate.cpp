#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <cstring>

#include <nlohmann/json.hpp>

#include "tests/support/damage_bytes.h"

namespace fm::fuzz {

namespace {

using Json = nlohmann::json;

Json oddValue(Random& random) {
    switch (random() % 14) {
        case 0:
            return nullptr;
        case 1:
            return true;
        case 2:
            return -1;
        case 3:
            return 0;
        case 4:
            return 1e300;
        case 5:
            return std::uint64_t{1} << 63;
        case 6:
            return std::int64_t{1} << 62;
        case 7:
            return 0.5;
        case 8:
            return "";
        case 9:
            return std::string(70'000, 'a');
        case 10:
            return "../../etc/passwd";
        case 11:
            return Json::array({1, "two", nullptr});
        case 12:
            return Json::object({{"", Json::array()}});
        default:
            return std::string("\xff\xfe\x00z", 4);
    }
}

void collect(Json& json, std::vector<Json*>& nodes) {
    nodes.push_back(&json);
    if (json.is_structured() && nodes.size() < 4000)
        for (Json& child : json) collect(child, nodes);
}

// Invalid UTF-8 in a text stays as it is: readers must see it.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::ignore); }

}  // namespace

void changeJson(std::string& text, Random& random) {
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return;
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < changes; ++i) {
        std::vector<Json*> nodes;
        collect(json, nodes);
        Json& node = *nodes[random() % nodes.size()];
        switch (random() % 5) {
            case 0:
                if (node.is_structured() && !node.empty()) {
                    node.erase(std::next(node.begin(), static_cast<std::ptrdiff_t>(random() % node.size())));
                    break;
                }
                [[fallthrough]];
            case 1:
                node = oddValue(random);
                break;
            case 2:
                node = Json(*nodes[random() % nodes.size()]);
                break;
            case 3:
                if (node.is_array()) node.push_back(oddValue(random));
                if (node.is_object()) node["added"] = oddValue(random);
                break;
            default:
                for (int depth = static_cast<int>(random() % 200); depth >= 0; --depth) node = Json::array({node});
        }
    }
    text = dumped(json);
}

void changeJsonHeader(std::string& bytes, Random& random) {
    std::uint64_t size = 0;
    if (bytes.size() < 8) return;
    std::memcpy(&size, bytes.data(), 8);
    if (size > bytes.size() - 8) return;
    std::string header = bytes.substr(8, size);
    const std::string data = bytes.substr(8 + size);
    changeJson(header, random);
    size = header.size();
    bytes = std::string(reinterpret_cast<const char*>(&size), 8) + header + data;
}

void changeBytes(std::string& bytes, Random& random) {
    testing::damageBytes(bytes, random, [&random](const std::string& now) {
        // Most structure stands at the beginning.
        const std::size_t range = random() % 4 == 0 ? now.size() : std::min<std::size_t>(now.size(), 4096);
        return random() % range;
    });
}

}  // namespace fm::fuzz
