// What an export says about itself: does the target format hold this hybrid, and how far off is what it holds?
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace fm {

enum class Exactness { Exact, Approximate, NotRepresentable };
const char* toString(Exactness exactness);  // "exact", "approximate", "not_representable"

// Logits of an exported folder against those of the hybrid in memory, on the sequences of reference_logits.h.
// Until something is compared it is the worst there is, so that a comparison that was left out is never a good one.
struct LogitError {
    double max_abs = std::numeric_limits<double>::infinity();  // largest |difference|; infinite for what is not finite
    double cosine = -1;                                        // lowest of any position
    double greedy_agreement = 0;                               // share of all positions whose best token is the same
};

struct Verdict {
    Exactness exactness = Exactness::Exact;
    std::vector<std::string> reasons;  // sentences; empty exactly when the export is exact
    std::vector<std::string> remarks;  // traps of particular readers, true of exact exports too
    std::vector<std::string> loaders;  // programs the format is for, with their lowest versions
    std::optional<LogitError> as_stored;
    std::optional<LogitError> cast_to_bf16;  // when a reader casts every stored tensor to bf16

    void refuse(const std::string& reason);
    void approximate(const std::string& reason);  // never lifts a refusal
};

nlohmann::ordered_json toJson(const LogitError& error);  // numbers that are not finite become null
nlohmann::ordered_json toJson(const Verdict& verdict);

// The verdict of an export's verdict.json. Throws FormatError, naming `path`, when the text is no verdict.
Verdict verdictFromJson(const std::string& text, const std::string& path);

}  // namespace fm
