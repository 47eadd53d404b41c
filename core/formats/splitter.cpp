#include "core/formats/splitter.h"

#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/base/assert.h"
#include "core/formats/format_error.h"
#include "core/formats/tokenizer_utf8.h"

namespace fm {
namespace pcre2 {  // owners, named because Splitter's parts hold them

struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchData {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

using MatchData = std::unique_ptr<pcre2_match_data, FreeMatchData>;
using MatchContext = std::unique_ptr<pcre2_match_context, FreeMatchContext>;
using Code = std::unique_ptr<pcre2_code, FreeCode>;

}  // namespace pcre2
namespace {

// Patterns of the known families visit each byte a handful of times; a thousand is far from any of them and still
// stops a pattern that would run for hours.
constexpr std::uint64_t kMatchStepsPerByte = 1000, kMatchStepsAtLeast = 1'000'000;
constexpr std::uint32_t kMatchHeapKib = 64 * 1024;

std::string errorText(int code) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::size_t characterLength(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return end - at;
}

}  // namespace

struct Splitter::Stage {
    SplitRule rule;
    pcre2::Code code;
};

// What one call of split() needs and threads must not share.
struct Splitter::Scan {
    const std::function<void(std::string_view)>& use;
    std::vector<pcre2::MatchData> data;  // one per stage: a stage is in the middle of its text while the next one works
    pcre2::MatchContext context;
};

Splitter::Splitter(std::string path, std::vector<SplitRule> rules) : path_(std::move(path)) {
    for (SplitRule& rule : rules) {
        int error = 0;
        PCRE2_SIZE offset = 0;
        Stage stage;
        // No UTF check by PCRE2: what comes in was checked once, and each piece would be checked again.
        stage.code.reset(pcre2_compile(units(rule.pattern), rule.pattern.size(),
                                       PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr));
        if (!stage.code) failFormat(path_, rule.key, "the pattern does not compile: " + errorText(error));
        // Without JIT (some hardened systems forbid it) PCRE2 interprets: slower, the same result.
        pcre2_jit_compile(stage.code.get(), PCRE2_JIT_COMPLETE);
        stage.rule = std::move(rule);
        stages_.push_back(std::move(stage));
    }
}

Splitter::~Splitter() = default;
Splitter::Splitter(Splitter&&) noexcept = default;
Splitter& Splitter::operator=(Splitter&&) noexcept = default;

void Splitter::split(std::string_view text, const std::function<void(std::string_view)>& use) const {
    FM_ASSERT(isUtf8(text), "text to be split is UTF-8");
    if (text.empty()) return;
    Scan scan{use, {}, pcre2::MatchContext(pcre2_match_context_create(nullptr))};
    const std::uint64_t steps = std::max(kMatchStepsAtLeast, kMatchStepsPerByte * text.size());
    pcre2_set_match_limit(scan.context.get(), static_cast<std::uint32_t>(std::min<std::uint64_t>(steps, UINT32_MAX)));
    pcre2_set_heap_limit(scan.context.get(), kMatchHeapKib);
    for (std::size_t i = 0; i < stages_.size(); ++i) scan.data.emplace_back(pcre2_match_data_create(1, nullptr));
    splitFrom(0, text, scan);
}

void Splitter::splitFrom(std::size_t stage_index, std::string_view text, Scan& scan) const {
    if (stage_index == stages_.size()) return scan.use(text);
    const Stage& stage = stages_[stage_index];
    pcre2_match_data* data = scan.data[stage_index].get();
    const auto emit = [&](std::size_t begin, std::size_t end, bool keep) {
        if (keep && begin < end) splitFrom(stage_index + 1, text.substr(begin, end - begin), scan);
    };
    std::size_t from = 0, gap = 0, last_end = std::string_view::npos;
    while (from <= text.size()) {
        int found =
            pcre2_match(stage.code.get(), units(text), text.size(), from, PCRE2_NO_UTF_CHECK, data, scan.context.get());
        if (found == PCRE2_ERROR_JIT_STACKLIMIT) {  // the interpreter keeps its stack on the heap
            found = pcre2_match(stage.code.get(), units(text), text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                                data, scan.context.get());
        }
        if (found == PCRE2_ERROR_NOMATCH) break;
        if (found < 0) failFormat(path_, stage.rule.key, "the pattern fails on this text: " + errorText(found));
        const std::size_t begin = pcre2_get_ovector_pointer(data)[0], end = pcre2_get_ovector_pointer(data)[1];
        if (begin == end && end == last_end) {  // as in HF: no empty match right after a match
            if (from >= text.size()) break;
            from += characterLength(text, from);
            continue;
        }
        emit(gap, begin, stage.rule.keep_gaps);
        emit(begin, end, stage.rule.keep_matches);
        gap = from = last_end = end;
    }
    emit(gap, text.size(), stage.rule.keep_gaps);
}

}  // namespace fm
