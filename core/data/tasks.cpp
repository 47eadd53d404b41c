#include "core/data/tasks.h"

#include "core/data/text_task.h"
#include "core/data/word_task.h"
#include "core/run/error.h"

namespace fm {

std::unique_ptr<Task> makeTask(const std::string& name, const TaskResources& resources) {
    assert(resources.tokenizer);
    if (name == "text") return std::make_unique<TextTask>(resources);
    if (const std::optional<WordFamily> family = WordFamily::parse(name))
        return std::make_unique<WordTask>(name, *family, resources);
    std::string names;
    for (const std::string& known : taskNames()) names += (names.empty() ? "" : ", ") + known;
    throw InputError(Problem{"task", name, "one of " + names + " (numbers may vary)"});
}

std::vector<std::string> taskNames() {
    return {"single", "mk4",   "mk8",    "mk16",  "mk32", "mq4",   "hop2", "hop4",
            "hop8",   "hop16", "hop3_4", "pair4", "far4", "bind8", "copy", "text"};
}

}  // namespace fm
