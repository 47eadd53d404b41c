// The verbs that run jobs: flashmorph align, gates, probe, select, interact, judge, distill, eval, export, pretrain.
#include "app/cli/job_text.h"
#include "app/cli/job_verb.h"
#include "app/cli/verbs.h"

namespace fm::cli {

void addJobVerbs(CLI::App& app, CliContext& cli) {
    addJobVerb<PretrainSpec>(app, cli, "pretrain", pretrainText);
    addJobVerb<AlignSpec>(app, cli, "align", alignText);
    addJobVerb<GatesSpec>(app, cli, "gates", gatesText);
    addJobVerb<ProbeSpec>(app, cli, "probe", probeText);
    addJobVerb<SelectSpec>(app, cli, "select", selectText);
    addJobVerb<InteractSpec>(app, cli, "interact", interactText);
    addJobVerb<JudgeSpec>(app, cli, "judge", judgeText);
    addJobVerb<DistillSpec>(app, cli, "distill", distillText);
    addJobVerb<EvaluateSpec>(app, cli, "eval", evaluateText);
    addJobVerb<ExportSpec>(app, cli, "export", exportText);
}

}  // namespace fm::cli
