// Texts out of the engine's answers, whatever shape those have.
#pragma once

#include <QString>
#include <nlohmann/json.hpp>

namespace fm {

// The text under `key`; empty where `object` is no object or has no text there.
inline QString textAt(const nlohmann::json& object, const char* key) {
    if (!object.is_object()) return {};
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

}  // namespace fm
