#include "app/cli/verbs.h"

namespace fm::cli {

void addStudyVerbs(CLI::App& app, CliContext& cli) {
    addAlignVerb(app, cli);
    addGatesVerb(app, cli);
    addPlanVerb(app, cli);
    addProbeVerb(app, cli);
    addSelectVerb(app, cli);
    addInteractVerb(app, cli);
    addDistillVerb(app, cli);
    addEvalVerb(app, cli);
    addExportVerb(app, cli);
    addCompareVerb(app, cli);
    addDemoVerb(app, cli);
    addServeVerb(app, cli);
}

}  // namespace fm::cli
