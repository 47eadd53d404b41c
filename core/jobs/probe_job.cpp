#include "core/jobs/probe_job.h"

#include "core/jobs/job_setup.h"
#include "core/jobs/probe_measurement.h"
#include "core/plan/plan_json.h"
#include "core/plan/probe_tables.h"

namespace fm {

nlohmann::json toJson(const ProbeOutcome& outcome) {
    nlohmann::json json = scoresJson(outcome.scores);
    json["run"] = outcome.run_id;
    json["plan"] = planJson(outcome.plan);
    return json;
}

ProbeOutcome runProbeJob(JobContext& context, const JobFiles& files, const ProbeSpec& given, Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    ProbeMeasurement measurement(given, setup.session);
    setup.open("probe", measurement.spec(), measurement.parents(),
               {probeTable(setup.session.config().num_layers), sequenceTable()});
    measurement.setPoll([&context] { context.checkpointGate(false); });
    while (measurement.advance()) {
        const ProbeScores so_far = measurement.scores();
        context.progress(static_cast<std::int64_t>(so_far.sequences.size()), so_far.planned_sequences, "sequences");
    }
    measurement.setPoll({});
    ProbeOutcome outcome{files.run_id, measurement.plan(), measurement.scores()};
    context.append(0, probeRow(-1, outcome.plan, outcome.scores, ProbePurpose::Measure));
    for (const SequenceScore& score : outcome.scores.sequences) context.append(1, sequenceRow(0, score));
    return outcome;
}

}  // namespace fm
