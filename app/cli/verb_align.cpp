// flashmorph align: trains the linear branches of a study's teacher.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"
#include "core/engine/align.h"

namespace fm::cli {

JobOutcome runAlignJob(JobContext& context, const JobFiles& files, const AlignSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    AlignSpec spec = given;
    if (spec.retrieval_share > 0) spec.tasks = session.tasksOr(spec.tasks);
    const AlignSpec defaults;
    if (spec.lengths == defaults.lengths) {
        for (int& length : spec.lengths) {
            if (session.config().max_position > 0)
                length = std::min<int>(length, static_cast<int>(session.config().max_position));
        }
    }
    AlignInputs inputs;
    inputs.teacher = &session.weights();
    inputs.teacher_hash = session.teacherHash();
    inputs.train = session.batches(alignMix(spec, false), static_cast<std::uint64_t>(spec.seed));
    BatchMix held_out = alignMix(spec, true);
    held_out.tokens_per_batch = std::min(held_out.tokens_per_batch, 8192);
    inputs.held_out = {BatchSource(held_out, session.resources(), static_cast<std::uint64_t>(spec.seed)).batch(0)};
    inputs.checkpoint_path = files.checkpoint_path;

    openStudyRun(context, session, files, "align", specToJson(spec), {session.teacherHash()},
                 alignTables(session.config().num_layers));
    BranchSet set = runAlign(spec, inputs, context);
    saveBranchesIn(set, session.study().folder() + "/branches");
    session.study().update([&](StudyInfo& info) {
        info.artifacts[set.id] = {
            ArtifactKind::BranchSet, "branches/" + set.id + ".safetensors", files.run_id, {files.run_id}};
    });
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id}, {"branches", set.id}};
    outcome.text = "branches  " + set.id + "\n";
    return outcome;
}

void addAlignVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<AlignSpec>(
        app, cli,
        {.name = "align", .help = "train one linear branch beside every attention layer", .run = runAlignJob});
}

}  // namespace fm::cli
