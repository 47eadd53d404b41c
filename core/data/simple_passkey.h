// The classic pass key test: one five-digit number in noise sentences.
#pragma once

#include "core/data/tasks.h"

namespace fm {

class SimplePasskeyTask : public Task {
public:
    explicit SimplePasskeyTask(const TaskResources& resources);
    const std::string& name() const override { return name_; }
    Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1, std::int32_t question = 0) const override;

private:
    void build(const std::string& number, std::int32_t before, std::int32_t lines, Sample& sample) const;

    std::string name_ = "simple_passkey";
    TaskResources resources_;
    std::int32_t fixed_tokens_ = 0, line_tokens_ = 0;
};

}  // namespace fm
