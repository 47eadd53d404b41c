// flashmorph serve in a build without HDF5: says what works here instead.
#include "app/cli/verbs.h"
#include "core/base/error.h"

namespace fm::cli {

void addServeVerb(CLI::App& app, CliContext& cli) {
    CLI::App* sub = app.add_subcommand("serve", "answer the window, a notebook or an ssh connection (needs HDF5)");
    sub->callback([&cli] {
        cli.action = []() -> int {
            throw WorldError(
                "serve: this program was built without HDF5, so it keeps runs as JSON lines that the window cannot "
                "follow; run jobs here with their verbs and `flashmorph runs import` the files where there is HDF5, or "
                "build with -DFM_WITH_HDF5=ON");
        };
    });
}

}  // namespace fm::cli
