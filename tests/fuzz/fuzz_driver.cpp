// Runs fuzz targets without libFuzzer: mutates their seeds with a fixed seed of its own, for FM_FUZZ_SECONDS (1) each,
// or, when FM_ATTACK_ROUNDS is set, for that many times the target's own count. `fuzz [TARGET ...]`; prints a table.
// Each target has a process of its own; the input that ended one badly is kept and named.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/error.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static std::string folder;

std::string scratch(const std::string& name) { return folder + "/" + name; }

std::string fileWith(const char* name, const std::uint8_t* data, std::size_t bytes) {
    const std::string path = scratch(name);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(bytes));
    return path;
}

std::string contentOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string fixture(const std::string& path) { return contentOf(std::string(FM_FIXTURES) + "/" + path); }

namespace {

double envNumber(const char* name) {
    const char* text = std::getenv(name);
    return text ? std::atof(text) : 0;
}

struct Counts {
    int inputs = 0, accepted = 0;
};

// What a user would be shown must be ours: a sentence, not the words of a library.
void checkSentence(const std::string& text) {
    for (const char* raw : {"json.exception", "map::at", "vector::", "basic_string", "filesystem error"})
        if (text.find(raw) != std::string::npos) throw std::logic_error("the message is a library's: " + text);
}

bool isAccepted(const Target& target, const std::string& input) {
    try {
        target.read(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
        return true;
    } catch (const WorldError& error) {
        checkSentence(error.what());
    } catch (const InputError& error) {
        checkSentence(error.what());
    }
    return false;  // anything else is a finding
}

Counts attack(const Target& target) {
    const std::vector<std::string> seeds = target.seeds();
    Random random(20261130);
    const double rounds = envNumber("FM_ATTACK_ROUNDS");
    const double seconds = std::getenv("FM_FUZZ_SECONDS") ? envNumber("FM_FUZZ_SECONDS") : 1;
    const auto start = std::chrono::steady_clock::now();
    const auto goesOn = [&](int done) {
        if (rounds > 0) return done < target.fewest * rounds;
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds;
    };
    Counts counts;
    for (const std::string& seed : seeds) {
        ++counts.inputs;
        target.read(reinterpret_cast<const std::uint8_t*>(seed.data()), seed.size());  // a right input is not refused
        ++counts.accepted;
    }
    while (goesOn(counts.inputs)) {
        std::string input = seeds[random() % seeds.size()];
        if (target.change && random() % 3 != 0) target.change(input, random);
        if (!target.change || random() % 3 == 0) changeBytes(input, random);
        std::ofstream(scratch("input"), std::ios::binary) << input;
        ::alarm(20);
        counts.accepted += isAccepted(target, input);
        ++counts.inputs;
    }
    return counts;
}

// In a child process. Prints the target's line.
[[noreturn]] void runAlone(const Target& target) {
    try {
        const Counts counts = attack(target);
        std::printf("%-14s %8d inputs %8d accepted %8d refused\n", target.name, counts.inputs, counts.accepted,
                    counts.inputs - counts.accepted);
        std::fflush(stdout);
        ::_exit(0);
    } catch (const std::exception& error) {
        std::printf("%-14s %s\n", target.name, error.what());
        std::fflush(stdout);
        ::_exit(1);
    }
}

bool runTarget(const Target& target) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) runAlone(target);
    int status = 0;
    if (::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    const std::string kept = std::string("fuzz-finding-") + target.name;
    std::error_code ignored;
    std::filesystem::copy_file(scratch("input"), kept, std::filesystem::copy_options::overwrite_existing, ignored);
    std::printf("%-14s ended with %s %d; the input is in %s\n", target.name, WIFSIGNALED(status) ? "signal" : "code",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), kept.c_str());
    return false;
}

}  // namespace
}  // namespace fm::fuzz

int main(int argc, char** argv) {
    using namespace fm::fuzz;
    char name[] = "/tmp/fm_fuzz_XXXXXX";
    folder = ::mkdtemp(name) ? name : ".";
    bool good = true;
    for (const Target& target :
         {branchesTarget(), chatTemplateTarget(), checkpointTarget(), configTarget(), ggufTarget(), importTarget(),
          messageTarget(), runFileTarget(), safetensorsTarget(), specTarget(), studyTarget(), tokenizerTarget()}) {
        const bool wanted = argc == 1 || std::any_of(argv + 1, argv + argc, [&](const char* arg) {
                                return std::strcmp(arg, target.name) == 0;
                            });
        if (wanted) good &= runTarget(target);
    }
    std::filesystem::remove_all(folder);
    return good ? 0 : 1;
}
