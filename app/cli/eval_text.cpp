// What `flashmorph eval` prints: recall over tasks, lengths and depths.
#include "app/cli/job_text.h"
#include "app/cli/plan_text.h"

namespace fm::cli {

namespace {

std::string scoreText(const EvaluateScore& score) {
    const std::string teacher = score.teacher_recall ? format("  %7.3f", *score.teacher_recall) : std::string();
    return format("  %6.3f  %5.3f to %5.3f%s  %10.3f  %9lld\n", score.recall.value, score.recall.low, score.recall.high,
                  teacher.c_str(), score.exact_match, static_cast<long long>(score.recall.n));
}

}  // namespace

std::string evaluateText(const EvaluateOutcome& outcome) {
    const EvaluateResult& result = outcome.result;
    const std::string& chat_family = outcome.chat_family;
    const char* const teacher = result.all.teacher_recall ? "  teacher" : "";
    std::string text = format("%-16s  %6s  %5s  %6s  %-14s%s  %10s  %9s\n", "task", "tokens", "depth", "recall", "95 %",
                              teacher, "exact form", "sequences");
    for (const EvaluateCell& cell : result.cells)
        text += format("%-16s  %6d  %5.2f", cell.task.c_str(), cell.tokens, cell.depth) + scoreText(cell.score);
    for (const EvaluateTask& task : result.tasks)
        text += format("%-16s  %6s  %5s", task.task.c_str(), "all", "all") + scoreText(task.score);
    text += format("%-16s  %6s  %5s", "mean over tasks", "all", "all") + scoreText(result.all);
    return text + "prompts: " + (chat_family.empty() ? "base (plain text)" : "chat (" + chat_family + ")") + "\n";
}

}  // namespace fm::cli
