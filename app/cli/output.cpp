#include "app/cli/output.h"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/rpc/methods.h"

namespace fm::cli {

std::string dumpJson(const nlohmann::json& json) {
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void printResult(const GlobalOptions& global, const nlohmann::json& json, const std::string& text) {
    const std::string out = global.json ? dumpJson(json) + "\n" : text;
    std::fwrite(out.data(), 1, out.size(), stdout);
    if (std::fflush(stdout) != 0) throw WorldError("standard output: cannot write the result");
}

int exitCodeOf(FailureKind kind) {
    if (kind == FailureKind::Input) return kExitBadInput;
    return kind == FailureKind::Cancelled ? kExitCancelled : kExitFailed;
}

int reportFailure(const GlobalOptions& global, const std::exception_ptr& error) {
    const Failure failure = describe(error);
    std::fprintf(stderr, "flashmorph: %s\n%s", failure.text.c_str(), failure.problemsText().c_str());
    if (global.json) {
        nlohmann::json body = {{"kind", toString(failure.kind)}, {"text", failure.text}};
        if (!failure.problems.empty()) body["problems"] = rpc::problemsToJson(failure.problems);
        std::puts(dumpJson({{"error", body}}).c_str());
    }
    return exitCodeOf(failure.kind);
}

}  // namespace fm::cli
