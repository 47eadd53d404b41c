// "text": a seeded window of the corpus without questions, exactly as long as asked for.
#pragma once

#include "core/data/tasks.h"

namespace fm {

class TextTask : public Task {
public:
    explicit TextTask(const TaskResources& resources);
    const std::string& name() const override { return name_; }
    Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1, std::int32_t question = 0) const override;

private:
    std::string name_ = "text";
    TaskResources resources_;
};

}  // namespace fm
