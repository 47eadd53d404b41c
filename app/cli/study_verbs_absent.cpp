#include "app/cli/verbs.h"

namespace fm::cli {

void addStudyVerbs(CLI::App&, CliContext&) {}

}  // namespace fm::cli
