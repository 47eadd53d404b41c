#include "app/cli/output.h"

#include <c10/util/Exception.h>

#include <cstdio>
#include <filesystem>
#include <new>

#include <nlohmann/json.hpp>

#include "core/base/assert.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"

namespace fm::cli {

namespace {

constexpr const char* kOutOfMemory =
    "not enough memory; give shorter contexts or smaller batches, or close other programs";

Failure describeInput(const InputError& error, nlohmann::json* problems) {
    Failure failure{kExitBadInput, "input", error.what(), {}};
    const std::size_t count = error.problems().size();
    failure.text = count == 1 ? "1 problem in what was given" : std::to_string(count) + " problems in what was given";
    for (const Problem& problem : error.problems()) {
        failure.problems_text += "  " + problem.field + ": " + (problem.value.empty() ? "nothing" : problem.value) +
                                 " given; allowed: " + problem.allowed + "\n";
        if (problems) {
            problems->push_back({{"field", problem.field}, {"value", problem.value}, {"allowed", problem.allowed}});
        }
    }
    return failure;
}

// LibTorch reports lack of memory on the CPU as a plain c10::Error.
bool isOutOfMemory(const c10::Error& error) {
    if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return true;
    return std::string(error.what_without_backtrace()).find("allocate memory") != std::string::npos;
}

}  // namespace

std::string dumpJson(const nlohmann::json& json) {
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void printResult(const GlobalOptions& global, const nlohmann::json& json, const std::string& text) {
    const std::string out = global.json ? dumpJson(json) + "\n" : text;
    std::fwrite(out.data(), 1, out.size(), stdout);
    if (std::fflush(stdout) != 0) throw WorldError("standard output: cannot write the result");
}

Failure describe(const std::exception_ptr& error, nlohmann::json* problems) {
    try {
        std::rethrow_exception(error);
    } catch (const InputError& input) {
        return describeInput(input, problems);
    } catch (const Cancelled& cancelled) {
        return {kExitCancelled, "cancelled", cancelled.what(), {}};
    } catch (const std::bad_alloc&) {
        return {kExitFailed, "failed", kOutOfMemory, {}};
    } catch (const c10::Error& torch) {
        return {kExitFailed, "failed", isOutOfMemory(torch) ? kOutOfMemory : torch.what_without_backtrace(), {}};
    } catch (const std::filesystem::filesystem_error& path) {
        return {kExitFailed, "failed", readErrorText(path.path1().string(), "looking there", path.code().value()), {}};
    } catch (const LogicFault& fault) {
        return {kExitFailed, "fault", fault.what(), {}};
    } catch (const std::exception& other) {
        return {kExitFailed, "failed", other.what(), {}};
    }
}

int reportFailure(const GlobalOptions& global, const std::exception_ptr& error) {
    nlohmann::json problems = nlohmann::json::array();
    const Failure failure = describe(error, &problems);
    std::fprintf(stderr, "flashmorph: %s\n%s", failure.text.c_str(), failure.problems_text.c_str());
    if (global.json) {
        nlohmann::json body = {{"kind", failure.kind}, {"text", failure.text}};
        if (!problems.empty()) body["problems"] = problems;
        std::puts(dumpJson({{"error", body}}).c_str());
    }
    return failure.exit_code;
}

}  // namespace fm::cli
