// The command line as a whole: verbs, global options, exit codes.
#pragma once

namespace fm::cli {

// Parses and runs one command. Returns the process's exit code (DESIGN 8) and throws nothing. The GPU plug-in has been
// loaded, or refused, before.
int runProgram(int argc, const char* const* argv) noexcept;

}  // namespace fm::cli
