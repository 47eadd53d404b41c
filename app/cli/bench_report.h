// What a `flashmorph bench` prints: lines for people, the same as JSON, and whether everything was right.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "app/cli/plan_text.h"

namespace fm::cli {

struct BenchReport {
    nlohmann::json json = {{"timings", nlohmann::json::array()}};
    std::string text;
    bool right = true;

    // As printf; the pattern ends its line itself.
    template <class... Values>
    void line(const char* pattern, Values... values) {
        text += format(pattern, values...);
    }
};

}  // namespace fm::cli
