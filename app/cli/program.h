// The command line as a whole: verbs, global options, exit codes.
#pragma once

namespace fm::cli {

// Parses and runs one command. Returns the process's exit code (0 done, 1 failed, 2 bad input or usage, 130 cancelled)
// and throws nothing. The GPU plug-in has been loaded, or refused, before.
int runProgram(int argc, const char* const* argv) noexcept;

}  // namespace fm::cli
