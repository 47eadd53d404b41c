#include "app/cli/program.h"
#include "core/model/device.h"

int main(int argc, char** argv) {
    fm::loadGpuPlugin();  // first: LibTorch looks for its GPU half only once
    fm::warmVectorMaths();
    return fm::cli::runProgram(argc, argv);
}
