// Where the program finds what it ships: the built-in teacher, its text, the handbook.
#pragma once

#include <string>

namespace fm {

// `../share/flashmorph` beside the folder of the running program, links resolved: the same for an installed program,
// wherever its prefix was moved to, and for one in a build folder, where CMake puts a link there.
std::string resourcesFolder();

}  // namespace fm
