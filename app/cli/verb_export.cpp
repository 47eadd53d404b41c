// flashmorph export: a plan or a recovered hybrid of a study as a folder that other programs load.
#include "app/cli/export_job.h"
#include "app/cli/job_verb.h"
#include "app/cli/verbs.h"

namespace fm::cli {

void addExportVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<ExportSpec>(app, cli,
                           {.name = "export",
                            .help = "write a hybrid as a folder that other programs load, with a verdict",
                            .run = runExportJob});
}

}  // namespace fm::cli
