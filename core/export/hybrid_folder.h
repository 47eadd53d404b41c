// A recovered hybrid in a study: hybrids/<id>/ with what differs from the teacher.
//   weights.safetensors   tensors of the teacher that changed, under their HF names, in the precision they were given
//   branches.safetensors  the branch set, recovered
// runDistill gives fp32 masters of what trained, so that is what a folder holds.
//   hybrid.json           plan, teacher hash
#pragma once

#include <string>

#include "core/engine/distill.h"

namespace fm {

// Returns the id (content hash), which is also the folder's name under `hybrids_folder`. The folder appears complete
// or not at all. Throws WorldError.
std::string writeHybrid(const std::string& hybrids_folder, DecoderWeights teacher, RecoveredHybrid hybrid,
                        const std::string& teacher_hash);

// The hybrid over `teacher`, on its device and in its precision: working copies of what is stored. Throws FormatError
// naming what does not fit.
RecoveredHybrid readHybrid(const std::string& folder, const DecoderWeights& teacher, const std::string& teacher_hash);

}  // namespace fm
