// What `flashmorph judge` prints.
#include <algorithm>

#include "app/cli/job_text.h"
#include "app/cli/plan_text.h"

namespace fm::cli {

// A star marks what the best of its budget is not told apart from.
std::string judgeText(const JudgeOutcome& outcome) {
    const JudgeResult& result = outcome.result;
    std::size_t width = 4;
    for (const JudgedSubject& s : result.subjects) width = std::max(width, s.subject.name.size());
    std::string text = format("%-*s  %3s    %-27s  %-22s  %-27s  %-22s  %-27s  %s\n", static_cast<int>(width), "name",
                              "K", "answer KL (95 %)", "exact match (95 %)", "unseen: answer KL (95 %)",
                              "exact match (95 %)", "text KL (95 %)", "full layers");
    for (std::size_t i = 0; i < result.subjects.size(); ++i) {
        const JudgedSubject& s = result.subjects[i];
        const std::vector<std::size_t> tied = result.tiedWithBest(s.subject.plan.budget());
        const bool star = std::find(tied.begin(), tied.end(), i) != tied.end();
        text += format("%-*s  %3d %s  %-27s  %-22s  %-27s  %-22s  %-27s  %s\n", static_cast<int>(width),
                       s.subject.name.c_str(), s.subject.plan.budget(), star ? "*" : " ",
                       estimateText(s.seen.answer_kl, 4).c_str(), estimateText(s.seen.exact_match, 3).c_str(),
                       estimateText(s.unseen.answer_kl, 4).c_str(), estimateText(s.unseen.exact_match, 3).c_str(),
                       estimateText(s.all.text_kl, 4).c_str(), layersText(s.subject.plan).c_str());
    }
    if (result.subjects.empty()) return text;
    const JudgedSubject& first = result.subjects.front();
    text += format(
        "* not told apart from the best of its budget by the paired 95 %% interval of answer KL over all tasks + "
        "%.2f text KL\nteacher: exact match %.3f, unseen %.3f; %lld sequences with answers, %lld of text\n",
        result.text_kl_weight, first.seen.all.teacher_exact_match, first.unseen.all.teacher_exact_match,
        static_cast<long long>(first.all.all.sequences), static_cast<long long>(first.all.text_kl.n));
    return text;
}

}  // namespace fm::cli
