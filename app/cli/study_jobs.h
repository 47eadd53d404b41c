// The jobs of a study as functions: a verb runs one, the demo runs them in a row. Each opens its run, works, and
// registers what it made. Throws InputError, WorldError, Cancelled.
#pragma once

#include "app/cli/job_runner.h"
#include "app/cli/workplace.h"
#include "core/engine/align_spec.h"
#include "core/engine/distill.h"
#include "core/engine/evaluate.h"
#include "core/engine/gates_spec.h"
#include "core/engine/interact.h"
#include "core/engine/judge.h"
#include "core/engine/probe_spec.h"
#include "core/engine/select_spec.h"

namespace fm::cli {

JobOutcome runAlignJob(JobContext& context, const JobFiles& files, const AlignSpec& given, Workplace& workplace);
JobOutcome runGatesJob(JobContext& context, const JobFiles& files, const GatesSpec& given, Workplace& workplace);
JobOutcome runSelectJob(JobContext& context, const JobFiles& files, const SelectSpec& given, Workplace& workplace);
JobOutcome runProbeJob(JobContext& context, const JobFiles& files, const ProbeSpec& given, Workplace& workplace);
JobOutcome runInteractJob(JobContext& context, const JobFiles& files, const InteractSpec& given, Workplace& workplace);
JobOutcome runJudgeJob(JobContext& context, const JobFiles& files, const JudgeSpec& given, Workplace& workplace);
JobOutcome runDistillJob(JobContext& context, const JobFiles& files, const DistillSpec& given, Workplace& workplace);
JobOutcome runEvaluateJob(JobContext& context, const JobFiles& files, const EvaluateSpec& given, Workplace& workplace);

}  // namespace fm::cli
