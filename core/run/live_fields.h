// Changes of a running job's settings, through its spec's field list: one rule for every job.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/field_list.h"
#include "core/run/job_context.h"

namespace fm {

namespace live_fields {

// Whether a field of that name takes `value` during a run; sets it then.
template <class Spec>
bool set(Spec& spec, const std::string& name, double value) {
    bool is_set = false;
    Spec::forEachField(spec, [&](auto& field, const FieldInfo& info) {
        using Field = std::remove_cvref_t<decltype(field)>;
        if constexpr (std::is_arithmetic_v<Field> && !std::is_same_v<Field, bool>) {
            const bool live = std::string_view(info.takes_effect) != "next run";
            if (name != info.name || !live || !(value >= info.min && value <= info.max)) return;
            field = static_cast<Field>(value);
            is_set = true;
        }
    });
    return is_set;
}

}  // namespace live_fields

// Takes what was asked of the job since the last step and sets the live fields (FieldInfo::takes_effect). The run's log
// says each change with the step it begins at, or why there is none. Returns the names of the fields that were set.
template <class Spec>
std::vector<std::string> takeLiveChanges(JobContext& context, const std::string& job, std::int64_t step, Spec& spec) {
    std::vector<std::string> changed;
    for (const auto& [field, value] : context.control().takeChanges()) {
        const std::string asked = "[" + job + "] " + field + " = " + std::to_string(value);
        if (!live_fields::set(spec, field, value)) {
            context.log(Severity::Warning,
                        asked + " is not possible during a run; it takes effect in the next run, if it is in range");
            continue;
        }
        context.log(Severity::Info, asked + " from step " + std::to_string(step));
        changed.push_back(field);
    }
    return changed;
}

}  // namespace fm
