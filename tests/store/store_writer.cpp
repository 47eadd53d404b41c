// store_writer <folder> <counter file> flat            steps without a pause until killed
// store_writer <folder> <counter file> slow            seven steps, then silence until killed
// store_writer <folder> <counter file> paced <rows>    that many steps, about 1 ms apart, then finished
// store_writer <folder> <counter file> limited         steps until files may not grow any more (2 MB); prints the
//                                                      sentence and ends with code 3
// The counter file holds one int64: how many steps post() has taken.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "core/base/error.h"
#include "core/store/run_writer.h"
#include "tests/store/sample_run.h"

namespace {

std::atomic<std::int64_t>* mapCounter(const char* path) {
    const int fd = ::open(path, O_RDWR | O_CREAT, 0666);
    if (fd < 0 || ::ftruncate(fd, 8) != 0) return nullptr;
    void* memory = ::mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<std::int64_t>*>(memory);
}

void write(const std::string& folder, std::atomic<std::int64_t>& counter, const std::string& mode, std::int64_t rows) {
    const std::unique_ptr<fm::RunWriter> writer = fm::RunWriter::inFolder(folder);
    sample::Poster post(*writer);
    post(sample::header());
    for (std::int64_t i = 0; i < rows; ++i) {
        post(fm::RowAppended{0, sample::step(i)});
        counter = i + 1;
        if (mode == "flat" && i % 7 == 0) post(fm::Progressed{i, rows, "steps"});
        if (mode == "flat" && i % 50 == 0) post(fm::RowAppended{1, sample::answer(i / 50)});
        if (mode == "paced") std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    while (mode == "slow") std::this_thread::sleep_for(std::chrono::seconds(1));
    post(fm::StateChanged{fm::RunState::Finished, ""});
    writer->close();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    std::atomic<std::int64_t>* counter = mapCounter(argv[2]);
    if (!counter) return 2;
    const std::string mode = argv[3];
    if (mode == "limited") {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{2'000'000, 2'000'000};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    }
    const std::int64_t rows = mode == "slow" ? 7 : argc > 4 ? std::atoll(argv[4]) : 1'000'000'000;
    try {
        write(argv[1], *counter, mode, rows);
    } catch (const fm::WorldError& error) {
        std::puts(error.what());
        return 3;
    }
    return 0;
}
