#include "core/rpc/methods.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/utf8.h"

namespace fm::rpc {

using Json = nlohmann::json;

const char* toString(ParamType type) {
    constexpr const char* names[] = {"text", "integer", "number", "object", "texts", "integers"};
    return names[static_cast<int>(type)];
}

const std::vector<Method>& methods() {
    using enum ParamType;
    constexpr bool optional = false;
    static const std::vector<Method> table = {
        {"initialize", {{"protocol", Integer}, {"client", Text}}},
        {"shutdown", {}},
        {"study/open", {{"path", Text}}},
        {"study/create",
         {{"path", Text},
          {"teacher", Text},
          {"text", Text, optional},
          {"chat", Text, optional},
          {"name", Text, optional},
          {"branches", Text, optional}}},
        {"study/list", {{"folder", Text}}},
        {"study/label", {{"id", Text}, {"name", Text}, {"notes", Text}, {"tags", Texts}}},
        {"model/inspect", {{"path", Text}}},
        {"spec/defaults", {{"job", Text}}},
        {"spec/validate", {{"job", Text}, {"spec", Object}}},
        {"job/start", {{"job", Text}, {"spec", Object, optional}, {"resume", Text, optional}}},
        {"job/pause", {{"run", Text}}},
        {"job/resume", {{"run", Text}}},
        {"job/step", {{"run", Text}}},
        {"job/stop", {{"run", Text}}},
        {"job/set", {{"run", Text}, {"field", Text}, {"value", Number}}},
        {"job/list", {}},
        {"plan/cost", {{"plan", Text}, {"query", Object, optional}}},
        {"plan/probe",
         {{"plan", Text, optional},
          {"hybrid", Text, optional},
          {"branches", Text, optional},
          {"sequences", Integer, optional},
          {"tasks", Texts, optional},
          {"lengths", Integers, optional},
          {"seed", Integer, optional}}},
        {"plan/measure",
         {{"plan", Text, optional},
          {"hybrid", Text, optional},
          {"branches", Text, optional},
          {"sequences", Integer, optional},
          {"tasks", Texts, optional},
          {"lengths", Integers, optional},
          {"seed", Integer, optional}}},
        {"plan/stop", {}},
        {"plan/instantiate", {{"plan", Text}, {"name", Text, optional}, {"branches", Text, optional}}},
        {"sample/get", {{"run", Text}, {"index", Integer}}},
        {"run/list", {}},
        {"run/fetch", {{"run", Text}, {"table", Text}, {"first", Integer}, {"count", Integer}}},
        {"export/targets", {{"plan", Text, optional}, {"hybrid", Text, optional}, {"branches", Text, optional}}},
        {"export/run",
         {{"plan", Text, optional},
          {"hybrid", Text, optional},
          {"branches", Text, optional},
          {"target", Text, optional},
          {"out", Text, optional},
          {"dtype", Text, optional}}},
        {"export/verify", {{"folder", Text}}},
    };
    return table;
}

const Method* findMethod(std::string_view name) {
    const auto found =
        std::find_if(methods().begin(), methods().end(), [name](const Method& method) { return method.name == name; });
    return found == methods().end() ? nullptr : &*found;
}

static bool fits(const Json& value, ParamType type) {
    const auto all = [&value](auto test) { return value.is_array() && std::all_of(value.begin(), value.end(), test); };
    // An unsigned number beyond int64 would change its value when read as one.
    const auto integer = [](const Json& json) {
        return json.is_number_integer() && (!json.is_number_unsigned() || json.get<std::uint64_t>() <= INT64_MAX);
    };
    const auto text = [](const Json& json) {
        return json.is_string() && isPlainText(json.get_ref<const std::string&>());
    };
    switch (type) {
        case ParamType::Text:
            return text(value);
        case ParamType::Integer:
            return integer(value);
        case ParamType::Number:
            return value.is_number();
        case ParamType::Object:
            return value.is_object();
        case ParamType::Texts:
            return all(text);
        case ParamType::Integers:
            return all(integer);
    }
    return false;
}

static std::string shown(const Json& value) {
    constexpr std::size_t readable = 60;
    if (value.is_structured()) return value.is_array() ? "a list" : "an object";
    std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > readable) text = text.substr(0, readable) + "...";
    return text;
}

std::vector<Problem> paramProblems(const Method& method, const Json& params) {
    std::vector<Problem> problems;
    std::string names;
    for (const Param& param : method.params) {
        names += std::string(names.empty() ? "" : ", ") + param.name;
        const auto found = params.find(param.name);
        if (found == params.end()) {
            if (param.required) problems.push_back({param.name, "", std::string("required: ") + toString(param.type)});
        } else if (!fits(*found, param.type)) {
            problems.push_back({param.name, shown(*found), toString(param.type)});
        }
    }
    for (const auto& [key, value] : params.items()) {
        const bool known = std::any_of(method.params.begin(), method.params.end(),
                                       [&key](const Param& param) { return key == param.name; });
        if (!known)
            problems.push_back({key, shown(value), names.empty() ? "no parameters" : "one of these keys: " + names});
    }
    return problems;
}

Json problemsToJson(const std::vector<Problem>& problems) {
    Json list = Json::array();
    for (const Problem& problem : problems)
        list.push_back({{"field", problem.field}, {"value", problem.value}, {"allowed", problem.allowed}});
    return list;
}

}  // namespace fm::rpc
