// How LibTorch's threads wait for work: asleep. Between two loops the threads of GNU OpenMP spin for milliseconds,
// which takes the cores away from everything else: with two busy programs on two cores, a test of the branches ran 150
// times faster with threads that sleep. The library reads its setting in its own constructor, before main(); only the
// program's .preinit_array comes before that, and only a program may have one, so this file belongs to the executable.
#include <cstdlib>

namespace {

void letThreadsSleep(int, char**, char**) { setenv("OMP_WAIT_POLICY", "passive", 0); }  // the user's own choice stays

[[gnu::section(".preinit_array"), gnu::used]] void (*const early)(int, char**, char**) = letThreadsSleep;

}  // namespace
