#include "core/data/tasks.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/data/niah_task.h"
#include "core/data/passkey_task.h"
#include "core/data/simple_passkey.h"
#include "core/data/text_task.h"
#include "core/data/word_task.h"

namespace fm {
namespace {

// "passkey" or "passkey<keys>x<words>", either with "_duo" behind it.
std::optional<PasskeyShape> parsePasskey(std::string_view name) {
    constexpr std::string_view prefix = "passkey", suffix = "_duo";
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    PasskeyShape shape;
    if (name.ends_with(suffix)) {
        shape.wording = PasskeyWording::DuoAttention;
        name.remove_suffix(suffix.size());
    }
    if (name.empty()) return shape;
    const char* const end = name.data() + name.size();
    const std::from_chars_result keys = std::from_chars(name.data(), end, shape.keys);
    if (keys.ec != std::errc() || keys.ptr == end || *keys.ptr != 'x') return std::nullopt;
    const std::from_chars_result words = std::from_chars(keys.ptr + 1, end, shape.words);
    if (words.ec != std::errc() || words.ptr != end) return std::nullopt;
    const bool fits = shape.keys >= 1 && shape.keys <= 10 && shape.words >= 1 && shape.words <= 64;
    return fits ? std::optional<PasskeyShape>(shape) : std::nullopt;
}

}  // namespace

std::unique_ptr<Task> makeTask(const std::string& name, const TaskResources& resources) {
    FM_ASSERT(resources.tokenizer, "tasks have a tokenizer");
    if (name == "text") return std::make_unique<TextTask>(resources);
    if (const std::optional<WordFamily> family = WordFamily::parse(name))
        return std::make_unique<WordTask>(name, *family, resources);
    if (const std::optional<PasskeyShape> shape = parsePasskey(name))
        return std::make_unique<PasskeyTask>(name, *shape, resources);
    if (name == "simple_passkey") return std::make_unique<SimplePasskeyTask>(resources);
    for (const NiahKind& kind : niahKinds())
        if (name == kind.name) return std::make_unique<NiahTask>(kind, resources);
    std::string names;
    for (const std::string& known : taskNames()) names += (names.empty() ? "" : ", ") + known;
    throw InputError(Problem{"tasks", name, "one of " + names + " (numbers may vary)"});
}

std::vector<std::string> taskNames() {
    std::vector<std::string> names = {"passkey", "passkey4x8", "passkey_duo", "simple_passkey"};
    for (const NiahKind& kind : niahKinds()) names.emplace_back(kind.name);
    for (const char* name : {"single", "mk4", "mk8", "mk16", "mk32", "mq4", "hop2", "hop4", "hop8", "hop16", "hop3_4",
                             "pair4", "far4", "bind8", "copy", "text"})
        names.emplace_back(name);
    return names;
}

}  // namespace fm
