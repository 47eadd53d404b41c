#include "app/cli/interrupt.h"
#include "app/cli/program.h"
#include "core/model/device.h"

int main(int argc, char** argv) {
    fm::cli::prepareSignals();
    fm::loadGpuPlugin();  // first of all uses of LibTorch, which looks for its GPU half only once
    fm::warmVectorMaths();
    return fm::cli::runProgram(argc, argv);
}
