#include "core/data/passkey_task.h"

#include <algorithm>
#include <cmath>

#include "core/data/haystack.h"
#include "core/data/prompt_builder.h"
#include "core/data/task_parts.h"
#include "core/data/word_lists.h"

namespace fm {
namespace {

// DuoAttention's strings; FlashMorph prints the same around its needles.
constexpr const char* kBookBegin = "This is a very long story book: <book> ";
constexpr const char* kRawBegin = "<|im_start|>";  // and a blank before the book's beginning
constexpr const char* kBookEnd = " </book>.\n\n";
constexpr const char* kSeparator = "\n\n";

constexpr std::int32_t kDepths = 1000;
constexpr double kFirstDepth = 0.05, kLastDepth = 0.95;
constexpr std::int32_t kBookTokensPerKey = 16;  // the least text between needles
constexpr std::int32_t kPasskeyMargin = 16;     // a model may begin in words of its own

// The misspelling is DuoAttention's.
std::string needleText(PasskeyWording wording, std::int32_t key) {
    const char* const begin = wording == PasskeyWording::DuoAttention ? "Remeber this sequence of words, it's the "
                                                                      : "Remember this sequence of words, it is the ";
    return begin + ordinalWords()[static_cast<std::size_t>(key)] + " passkey to the vault: ";
}

std::string questionText(std::int32_t key) {
    return "Based on the content of the book, what is the " + ordinalWords()[static_cast<std::size_t>(key)] +
           " passkey to the vault?";
}

constexpr const char* kAsk = "\nPasskey:";  // the blank after it belongs to the answer's first token

std::vector<double> drawDepths(std::int32_t keys, double depth, Rng& rng) {
    std::vector<double> depths;
    for (std::int32_t step : rng.distinct(kDepths, keys))
        depths.push_back(kFirstDepth + (kLastDepth - kFirstDepth) * step / (kDepths - 1));
    if (depth >= 0)
        *std::min_element(depths.begin(), depths.end(),
                          [&](double a, double b) { return std::abs(a - depth) < std::abs(b - depth); }) = depth;
    std::sort(depths.begin(), depths.end());
    return depths;
}

// The passkey that a given depth has moved.
std::int32_t placeOf(double depth, const std::vector<double>& depths) {
    return static_cast<std::int32_t>(std::find(depths.begin(), depths.end(), depth) - depths.begin());
}

// Tokens that `count` NATO words need in nearly every draw: four standard deviations above the mean, at most the worst.
// The few draws above it are drawn again.
double likelyTokens(const Tokenizer& tokenizer, std::int32_t count) {
    double sum = 0, squares = 0, worst = 0;
    for (const std::string& word : natoWords()) {
        const auto tokens = static_cast<double>(tokenizer.encodeOrdinary(" " + word).size());
        sum += tokens;
        squares += tokens * tokens;
        worst = std::max(worst, tokens);
    }
    const double mean = sum / 26, deviation = std::sqrt(std::max(0.0, squares / 26 - mean * mean));
    return std::min(worst * count, mean * count + 4 * deviation * std::sqrt(count));
}

}  // namespace

PasskeyTask::PasskeyTask(std::string name, const PasskeyShape& shape, const TaskResources& resources)
    : name_(std::move(name)), keys_(shape.keys), words_(shape.words), wording_(shape.wording), resources_(resources) {
    requireCorpus(name_, resources_);
    Sample empty;
    build(std::vector<std::string>(static_cast<std::size_t>(keys_)),
          std::vector<double>(static_cast<std::size_t>(keys_), 0.5), "a b", empty);
    // Each passkey stands twice in the sequence; up to two tokens join differently at the ends of each.
    min_tokens_ = static_cast<std::int32_t>(empty.ids.size()) + keys_ * (kBookTokensPerKey + 4) +
                  static_cast<std::int32_t>(std::ceil(2 * likelyTokens(*resources_.tokenizer, keys_ * words_)));
}

std::vector<std::string> PasskeyTask::drawPasskeys(std::uint64_t seed, std::int32_t attempt) const {
    Rng rng = taskRng(name_ + "/" + std::to_string(attempt), resources_, seed);
    std::vector<std::string> passkeys(static_cast<std::size_t>(keys_));
    for (std::string& passkey : passkeys)
        for (std::int32_t i = 0; i < words_; ++i)
            passkey += (i > 0 ? " " : "") + natoWords()[rng.below(natoWords().size())];
    return passkeys;
}

void PasskeyTask::build(const std::vector<std::string>& passkeys, const std::vector<double>& depths,
                        const std::string& book, Sample& sample) const {
    PromptBuilder prompt;
    const bool chat = !resources_.chat_family.empty();
    const ChatFrame frame = ChatFrame::make(resources_.chat_family, kAsk);
    prompt.frame(chat ? frame.head : kRawBegin);
    prompt.text(std::string(chat ? "" : " ") + kBookBegin);
    std::vector<PromptBuilder::Needle> needles;
    std::size_t last = 0;
    for (std::size_t i = 0; i < passkeys.size(); ++i) {
        const auto wanted = static_cast<std::size_t>(depths[i] * static_cast<double>(book.size()));
        const std::size_t at = std::max(last, std::min(book.find_first_of(" \n", wanted), book.size()));
        prompt.text(book.substr(last, at - last));
        prompt.text(kSeparator);
        const std::int32_t begin = prompt.mark();
        prompt.text(needleText(wording_, static_cast<std::int32_t>(i)) + passkeys[i]);
        needles.push_back({begin, prompt.mark(), begin});
        prompt.text(kSeparator);
        last = at;
    }
    prompt.text(book.substr(last));
    prompt.text(kBookEnd);
    for (std::size_t i = 0; i < passkeys.size(); ++i) {
        if (i > 0) prompt.text(kSeparator);
        prompt.text(questionText(static_cast<std::int32_t>(i)));
        if (i == 0 && chat) {
            prompt.frame(frame.tail);
        } else {
            prompt.text(kAsk);
        }
        prompt.answer(" " + passkeys[i], needles[i], depths[i]);
    }
    prompt.text(kSeparator);
    prompt.finish(*resources_.tokenizer, sample);
}

Sample PasskeyTask::make(std::uint64_t seed, std::int32_t tokens, double depth, std::int32_t) const {
    if (tokens < min_tokens_) throwTooShort(name_, tokens, min_tokens_);
    Rng rng = taskRng(name_, resources_, seed);
    const std::vector<double> depths = drawDepths(keys_, depth, rng);
    const std::uint64_t book_key = rng.next();
    Sample sample = emptySample(name_, seed, tokens);
    const std::int32_t least = keys_ * kBookTokensPerKey;
    std::int32_t attempt = 0;
    std::vector<std::string> passkeys = drawPasskeys(seed, attempt);
    build(passkeys, depths, "", sample);
    while (static_cast<std::int32_t>(sample.ids.size()) + least > tokens) {
        passkeys = drawPasskeys(seed, ++attempt);
        build(passkeys, depths, "", sample);
    }
    // Joints differ a little from the empty book's: shorten by what is too much until it fits.
    std::int32_t book_tokens = tokens - static_cast<std::int32_t>(sample.ids.size());
    do {
        Rng book_rng(book_key);
        build(passkeys, depths, corpusText(resources_, book_tokens, true, book_rng), sample);
        const std::int32_t excess = static_cast<std::int32_t>(sample.ids.size()) - tokens;
        if (excess <= 0) break;
        book_tokens -= excess;
    } while (book_tokens > 0);
    const Answer& final_answer = sample.answers.back();
    sample.answer_budget = final_answer.begin + final_answer.length - sample.answers.front().begin;
    askOneByOne(sample, kPasskeyMargin);
    if (depth >= 0) sample.placed = placeOf(depth, depths);
    return sample;
}

}  // namespace fm
