// What a job found, as text for people. Each ends in a newline.
#pragma once

#include <string>

#include "core/jobs/align_job.h"
#include "core/jobs/distill_job.h"
#include "core/jobs/eval_job.h"
#include "core/jobs/export_job.h"
#include "core/jobs/gates_job.h"
#include "core/jobs/interact_job.h"
#include "core/jobs/judge_job.h"
#include "core/jobs/pretrain_job.h"
#include "core/jobs/probe_job.h"
#include "core/jobs/select_job.h"

namespace fm::cli {

std::string alignText(const AlignOutcome& outcome);
std::string gatesText(const GatesOutcome& outcome);
std::string probeText(const ProbeOutcome& outcome);
std::string selectText(const SelectOutcome& outcome);
std::string interactText(const InteractOutcome& outcome);
std::string judgeText(const JudgeOutcome& outcome);
std::string distillText(const DistillOutcome& outcome);
std::string evaluateText(const EvaluateOutcome& outcome);
std::string exportText(const ExportOutcome& outcome);
std::string pretrainText(const PretrainOutcome& outcome);

}  // namespace fm::cli
