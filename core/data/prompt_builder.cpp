#include "core/data/prompt_builder.h"
#include "core/base/assert.h"

namespace fm {
namespace {

constexpr char kUserText = '\x1f';  // a byte that no chat form contains

struct BytePlace {
    std::int32_t token = 0;              // holds the byte
    std::int32_t before = 0, after = 0;  // bytes of that token before the byte and behind it
};

// Where byte `byte` of the run that starts at token `begin` is among the tokens.
BytePlace placeOfByte(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, std::size_t begin,
                      std::size_t byte) {
    std::size_t passed = 0;
    for (std::size_t i = begin; i < ids.size(); ++i) {
        const std::size_t size = tokenizer.tokenBytes(ids[i]).size();
        passed += size;
        if (passed > byte)
            return {static_cast<std::int32_t>(i), static_cast<std::int32_t>(byte + size - passed),
                    static_cast<std::int32_t>(passed - byte - 1)};
    }
    return {static_cast<std::int32_t>(ids.size()) - 1, 0, 0};
}

}  // namespace

ChatFrame ChatFrame::make(const std::string& chat_family, const std::string& raw_prefix) {
    if (chat_family.empty()) return {"", raw_prefix};
    const std::string prefix = raw_prefix.starts_with(' ') ? raw_prefix.substr(1) : raw_prefix;
    const std::string turn = wrapChat(chat_family, std::string(1, kUserText), prefix);
    const std::size_t at = turn.find(kUserText);
    FM_ASSERT(at != std::string::npos, "the chat form holds what the user says");
    return {turn.substr(0, at), turn.substr(at + 1)};
}

void PromptBuilder::append(std::string_view text, bool ordinary) {
    if (text.empty()) return;
    if (runs_.empty() || runs_.back().answer >= 0 || runs_.back().ordinary != ordinary)
        runs_.push_back({"", ordinary, -1});
    runs_.back().text += text;
}

std::int32_t PromptBuilder::mark() {
    if (runs_.empty() || runs_.back().answer >= 0) runs_.push_back({"", true, -1});
    marks_.push_back({runs_.size() - 1, runs_.back().text.size()});
    return static_cast<std::int32_t>(marks_.size()) - 1;
}

void PromptBuilder::answer(const std::string& text, const Needle& needle, double depth) {
    runs_.push_back({text, true, static_cast<std::int32_t>(answers_.size())});
    answers_.push_back({text.starts_with(' ') ? text.substr(1) : text, needle, depth});
}

void PromptBuilder::finish(const Tokenizer& tokenizer, Sample& sample) const {
    std::vector<std::size_t> begin;  // first token of each run
    sample.ids.clear();
    sample.answers.clear();
    for (const Run& run : runs_) {
        begin.push_back(sample.ids.size());
        const std::vector<TokenId> ids = run.ordinary ? tokenizer.encodeOrdinary(run.text) : tokenizer.encode(run.text);
        sample.ids.insert(sample.ids.end(), ids.begin(), ids.end());
        if (run.answer < 0) continue;
        const Pending& pending = answers_[static_cast<std::size_t>(run.answer)];
        const auto at = [&](std::int32_t mark, std::size_t back) {
            const Mark& place = marks_[static_cast<std::size_t>(mark)];
            return placeOfByte(tokenizer, sample.ids, begin[place.run], place.byte - back);
        };
        const BytePlace first = at(pending.needle.begin, 0), last = at(pending.needle.end, 1);
        sample.answers.push_back({static_cast<std::int32_t>(begin.back()),
                                  static_cast<std::int32_t>(ids.size()),
                                  pending.text,
                                  pending.depth,
                                  at(pending.needle.place, 0).token,
                                  {{first.token, last.token + 1, first.before, last.after}}});
    }
}

}  // namespace fm
