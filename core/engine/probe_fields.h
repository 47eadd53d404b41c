// The held-out data on which plans are measured, as every spec that measures some names it.
#pragma once

#include "core/base/field_list.h"

namespace fm {

// For the forEachField() of specs with the members branches, tasks, lengths and sequences.
template <class Spec, class Visitor>
void forEachProbeField(Spec& s, Visitor&& visit) {
    visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
    visit(s.tasks, FieldInfo{.name = "tasks",
                             .unit = "",
                             .help = "retrieval tasks of the probe; none: what the teacher was trained on"});
    visit(s.lengths, FieldInfo{"lengths", "tokens",
                               "context lengths of the probe; none: what the teacher was trained on", 16, 1048576});
    visit(s.sequences,
          FieldInfo{"sequences", "sequences",
                    "sequences of each task at each length, and of plain text at each length; 0: at least 8 "
                    "of a task and 60,000 tokens (25,000 where plans are chosen)",
                    0, 4096});
}

}  // namespace fm
