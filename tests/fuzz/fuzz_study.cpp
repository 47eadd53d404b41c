// study.json of a study folder.
#include <filesystem>

#include "core/store/study.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static std::string made() {
    StudyInfo info;
    info.name = "a study";
    info.teacher_path = "teacher";
    info.teacher_hash = "99aa06d3014798d86001c324468d497f";
    info.artifacts["b1"] = {ArtifactKind::BranchSet, "branches/b1.safetensors", "20260314T150926Z-align-3fa9c1", {}};
    info.labels["20260314T150926Z-align-3fa9c1"].notes = "first";
    const std::string folder = scratch("made");
    std::filesystem::remove_all(folder);
    Study::create(folder, info);
    return contentOf(folder + "/study.json");
}

static void read(const std::uint8_t* data, std::size_t bytes) {
    std::filesystem::create_directories(scratch("study/runs"));
    fileWith("study/study.json", data, bytes);
    const Study study = Study::open(scratch("study"));
    study.listRuns();
    for (const auto& [id, artifact] : study.info().artifacts) study.lineage(id);
}

Target studyTarget() {
    return {"study", 248, [] { return std::vector<std::string>{made()}; }, read, changeJson};
}

}  // namespace fm::fuzz
