// Where a hybrid can be exported to, and what became of it: the engine's answers as values with words.
#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

namespace fm {

enum class ExportFit { Exact, Approximate, NotRepresentable };
QString exportFitText(ExportFit fit);  // "exact", "approximate", "cannot be represented"

struct ExportTarget {
    QString name;   // "fla"
    QString title;  // "flash-linear-attention", or the name of a target we do not know
    ExportFit fit = ExportFit::NotRepresentable;
    QStringList why_not;  // sentences; empty exactly when the export is exact
    QStringList remarks;  // traps of particular readers
    QStringList loaders;  // programs with their lowest versions
};

// The result of export/targets. Entries without a name are left out.
std::vector<ExportTarget> exportTargets(const nlohmann::json& result);

// What a finished export says: {"folder", "verdict": {...}}.
struct ExportOutcome {
    QString folder;  // empty: nothing was written
    ExportFit fit = ExportFit::NotRepresentable;
    QStringList reasons;
    std::optional<double> max_abs_error;  // of logits, as stored
};
ExportOutcome exportOutcome(const nlohmann::json& result);

// What the independent re-loader found.
struct ExportCheck {
    bool passed = false;
    qint64 tensors = 0;
    QString precision;                    // "BF16"
    std::optional<double> max_abs_error;  // of logits against those recorded
    std::optional<double> greedy_agreement;
    QStringList problems;  // sentences; empty when passed
};
ExportCheck exportCheck(const nlohmann::json& result);

}  // namespace fm
