#include "core/jobs/align_job.h"

#include <algorithm>

#include "core/engine/align.h"
#include "core/jobs/job_setup.h"

namespace fm {

namespace {

constexpr int kHeldOutTokens = 8192;  // of the batch that alignment is judged by

// Lengths that nobody chose are cut to what the teacher can read.
void fitLengths(AlignSpec& spec, std::int64_t max_position) {
    if (spec.lengths != AlignSpec{}.lengths || max_position <= 0) return;
    for (int& length : spec.lengths) length = std::min<int>(length, static_cast<int>(max_position));
}

}  // namespace

nlohmann::json toJson(const AlignOutcome& outcome) { return {{"run", outcome.run_id}, {"branches", outcome.branches}}; }

AlignOutcome runAlignJob(JobContext& context, const JobFiles& files, const AlignSpec& given, Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    AlignSpec spec = given;
    if (spec.retrieval_share > 0) spec.tasks = session.tasksOr(spec.tasks);
    fitLengths(spec, session.config().max_position);
    AlignInputs inputs;
    inputs.teacher = &session.weights();
    inputs.teacher_hash = session.teacherHash();
    inputs.train = session.batches(alignMix(spec, false), static_cast<std::uint64_t>(spec.seed));
    BatchMix held_out = alignMix(spec, true);
    held_out.tokens_per_batch = std::min(held_out.tokens_per_batch, kHeldOutTokens);
    inputs.held_out = {BatchSource(held_out, session.resources(), static_cast<std::uint64_t>(spec.seed)).batch(0)};
    inputs.checkpoint_path = files.checkpoint_path;

    setup.open("align", spec, {session.teacherHash()}, alignTables(session.config().num_layers));
    BranchSet set = runAlign(spec, inputs, context);
    saveBranchesIn(set, session.study().folder() + "/branches");
    session.study().update([&](StudyInfo& info) {
        info.artifacts[set.id] = {
            ArtifactKind::BranchSet, "branches/" + set.id + ".safetensors", files.run_id, {files.run_id}};
    });
    return {files.run_id, set.id};
}

}  // namespace fm
