#include "core/ops/operator_table.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/ops/gdn.h"
#include "core/ops/gla.h"
#include "core/ops/lightning.h"

namespace fm {

const std::vector<const RecurrenceKind*>& recurrenceKinds() {
    static const std::vector<const RecurrenceKind*> kinds = {&gdnKind(), &lightningKind(), &glaKind()};
    return kinds;
}

std::vector<std::string> implementationsOn(at::Device device) {
    constexpr std::int64_t kBuiltEverywhere = 64;  // the width of heads that all kernels serve
    const at::Tensor head = at::empty({1, 1, 1, kBuiltEverywhere}, at::TensorOptions().device(device));
    std::vector<std::string> names;
    for (const RecurrenceKind* kind : recurrenceKinds()) {
        const std::string name = Recurrence(kind->name).path(head, head);
        if (name != "chunked" && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    names.push_back("chunked");
    return names;
}

}  // namespace fm
