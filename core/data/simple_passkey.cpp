#include "core/data/simple_passkey.h"

#include <algorithm>
#include <cmath>

#include "core/data/noise.h"
#include "core/data/prompt_builder.h"
#include "core/data/task_parts.h"

namespace fm {
namespace {

constexpr const char* kIntroduction =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I will quiz you "
    "about the "
    "important information there.\n";
constexpr std::int32_t kPassKeyBudget = 16;

std::string noise(std::int32_t lines) {
    std::string text;
    for (std::int32_t i = 0; i < lines; ++i) text += (i > 0 ? " " : "") + std::string(kNoiseLine);
    return text;
}

}  // namespace

SimplePasskeyTask::SimplePasskeyTask(const TaskResources& resources) : resources_(resources) {
    Sample sample;
    build("88888", 1, 2, sample);
    line_tokens_ =
        static_cast<std::int32_t>(resources_.tokenizer->encodeOrdinary(std::string(" ") + kNoiseLine).size());
    const std::int32_t slack = 4;  // numbers differ in tokens, joints at the ends of the noise too
    fixed_tokens_ = sample.answers.front().begin - 2 * line_tokens_ + kPassKeyBudget + slack;
}

void SimplePasskeyTask::build(const std::string& number, std::int32_t before, std::int32_t lines,
                              Sample& sample) const {
    const ChatFrame frame = ChatFrame::make(resources_.chat_family, " The pass key is");
    PromptBuilder prompt;
    prompt.frame(frame.head);
    prompt.text(kIntroduction + noise(before) + "\n");
    const std::int32_t begin = prompt.mark();
    prompt.text("The pass key is " + number + ". Remember it. " + number + " is the pass key.");
    const std::int32_t end = prompt.mark();
    prompt.text("\n" + noise(lines - before) + "\nWhat is the pass key?");
    if (resources_.chat_family.empty()) {
        prompt.text(frame.tail);
    } else {
        prompt.frame(frame.tail);
    }
    prompt.answer(" " + number, {begin, end, begin}, lines > 0 ? static_cast<double>(before) / lines : 0);
    prompt.finish(*resources_.tokenizer, sample);
}

Sample SimplePasskeyTask::make(std::uint64_t seed, std::int32_t tokens, double depth, std::int32_t) const {
    const std::int32_t minimum = fixed_tokens_ + line_tokens_;
    if (tokens < minimum) throwTooShort(name_, tokens, minimum);
    Rng rng = taskRng(name_, resources_, seed);
    const std::int32_t lines = (tokens - fixed_tokens_) / line_tokens_;
    const std::int32_t drawn = rng.between(0, lines);
    const std::int32_t before =
        depth < 0 ? drawn : static_cast<std::int32_t>(std::lround(std::min(depth, 1.0) * lines));
    Sample sample = emptySample(name_, seed, tokens);
    build(std::to_string(rng.between(10000, 99999)), before, lines, sample);
    sample.answer_budget = kPassKeyBudget;
    askOneByOne(sample, kPassKeyBudget - sample.answers.front().length);
    return sample;
}

}  // namespace fm
