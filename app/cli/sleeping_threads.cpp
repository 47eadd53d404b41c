// How LibTorch's threads wait for work: some 30 microseconds awake, then asleep. Between two loops the threads of GNU
// OpenMP spin for milliseconds, which takes the cores away from everything else: with two busy programs on two cores, a
// test of the branches ran 150 times faster with threads that sleep. Threads that sleep at once lose a fifth of a quiet
// machine to waking up, since most loops are shorter than that. The library reads its setting in its own constructor,
// before main(); only the program's .preinit_array comes before that, and only a program may have one, so this file
// belongs to the executable.
#include <cstdlib>

namespace {

constexpr const char* kSpins = "1000";  // turns of a loop around the processor's own pause

void letThreadsSleep(int, char**, char**) {
    if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;  // the user's own choice stays
    setenv("GOMP_SPINCOUNT", kSpins, 1);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const early)(int, char**, char**) = letThreadsSleep;

}  // namespace
