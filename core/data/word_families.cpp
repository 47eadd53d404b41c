#include "core/data/word_families.h"

#include <array>
#include <charconv>

namespace fm {
namespace {

constexpr std::int32_t kValueWords = 4;
constexpr std::int32_t kMaxQuestions = 8;
constexpr std::int32_t kMinGap = 4, kMaxGap = 24;
constexpr std::int32_t kMinCopy = 16, kMaxCopy = 32;
constexpr std::int32_t kKeys = 64;

using Value = std::array<std::int32_t, kValueWords>;

// Distinct words inside one value: a repeated word would make "what follows it" ambiguous within the value itself.
Value drawValue(const WordPieces& pieces, Rng& rng) {
    const std::vector<std::int32_t> words = rng.distinct(pieces.values.size(), kValueWords);
    return {words[0], words[1], words[2], words[3]};
}

void appendValue(WordDraft& draft, const WordPieces& pieces, const Value& value) {
    for (std::int32_t word : value) draft.word(pieces.values, word);
}

// "<head so far> is v1 v2 v3 v4."
void finishNeedle(WordDraft& draft, const WordPieces& pieces, std::int32_t begin, const Value& value) {
    draft.mark(pieces.is);
    appendValue(draft, pieces, value);
    draft.mark(pieces.stop);
    draft.needles.push_back({draft.since(begin), {}, 0});
}

void beginQuestion(WordDraft& draft, const WordPieces& pieces) {
    draft.mark(draft.questions.empty() ? pieces.ask_first : pieces.ask_next);
}

void finishQuestion(WordDraft& draft, const WordPieces& pieces, std::int32_t begin, const Value& value,
                    std::int32_t needle) {
    draft.mark(pieces.ask_end);
    WordDraft::Question question;
    question.ask = draft.since(begin);
    const std::int32_t answer = draft.begin();
    appendValue(draft, pieces, value);
    question.answer = draft.since(answer);
    question.needle = needle;
    for (std::int32_t word : value) {
        if (!question.text.empty()) question.text += ' ';
        question.text += pieces.values.text[static_cast<std::size_t>(word)];
    }
    draft.questions.push_back(std::move(question));
}

std::vector<Value> drawValues(std::int32_t count, const WordPieces& pieces, Rng& rng) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) values.push_back(drawValue(pieces, rng));
    return values;
}

// Asks `family.questions` distinct ones of the needles; `key[i]` is the word that asks for value i.
void askKeys(WordDraft& draft, const WordFamily& family, const WordPieces& pieces, const std::vector<std::int32_t>& key,
             const std::vector<Value>& values, std::int32_t first_needle, Rng& rng) {
    for (std::int32_t asked : rng.distinct(family.needles, family.questions)) {
        const std::int32_t begin = draft.begin();
        beginQuestion(draft, pieces);
        draft.word(pieces.keys, key[static_cast<std::size_t>(asked)]);
        finishQuestion(draft, pieces, begin, values[static_cast<std::size_t>(asked)], first_needle + asked);
    }
}

void draftKeys(WordDraft& draft, const WordFamily& family, const WordPieces& pieces, Rng& rng) {
    const std::vector<std::int32_t> keys = rng.distinct(pieces.keys.size(), family.needles);
    const std::vector<Value> values = drawValues(family.needles, pieces, rng);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int32_t begin = draft.begin();
        draft.word(pieces.keys, keys[i]);
        finishNeedle(draft, pieces, begin, values[i]);
    }
    askKeys(draft, family, pieces, keys, values, 0, rng);
}

// Chain i: keys[i] -> keys[i + N] (-> keys[i + 2N]) -> value. The value needles come first in the draft.
void draftHops(WordDraft& draft, const WordFamily& family, const WordPieces& pieces, Rng& rng) {
    const std::int32_t n = family.needles;
    const std::vector<std::int32_t> keys = rng.distinct(pieces.keys.size(), n * (family.hops + 1));
    const std::vector<Value> values = drawValues(n, pieces, rng);
    for (std::int32_t i = 0; i < n; ++i) {
        const std::int32_t begin = draft.begin();
        draft.word(pieces.keys, keys[static_cast<std::size_t>(i + n * family.hops)]);
        finishNeedle(draft, pieces, begin, values[static_cast<std::size_t>(i)]);
    }
    for (std::int32_t i = 0; i < n * family.hops; ++i) {
        const std::int32_t begin = draft.begin();
        draft.word(pieces.keys, keys[static_cast<std::size_t>(i)]);
        draft.mark(pieces.same_as);
        draft.word(pieces.keys, keys[static_cast<std::size_t>(i + n)]);
        draft.mark(pieces.stop);
        // The key that alias i names heads needle i + n, or value i + n - n * hops once the aliases are through.
        const std::int32_t named = i + n < n * family.hops ? 2 * n + i : i + n - n * family.hops;
        draft.needles.push_back({draft.since(begin), {}, 0, family.alias_first ? named : -1});
    }
    askKeys(draft, family, pieces, keys, values, 0, rng);
    for (WordDraft::Question& question : draft.questions)
        for (std::int32_t hop = 0; hop < family.hops; ++hop)
            question.others.push_back(n + hop * n + question.needle);  // its aliases stand behind the values
}

void draftPair(WordDraft& draft, const WordFamily& family, const WordPieces& pieces, Rng& rng) {
    const std::vector<std::int32_t> keys = rng.distinct(pieces.keys.size(), family.needles);
    const std::vector<Value> values = drawValues(family.needles, pieces, rng);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int32_t begin = draft.begin();
        draft.word(pieces.keys, keys[i]);
        finishNeedle(draft, pieces, begin, values[i]);
    }
    const std::vector<std::int32_t> asked = rng.distinct(family.needles, 2);
    const auto first = static_cast<std::size_t>(asked[0]), second = static_cast<std::size_t>(asked[1]);
    const std::int32_t begin = draft.begin();
    beginQuestion(draft, pieces);
    draft.word(pieces.keys, keys[first]);
    draft.mark(pieces.both);
    draft.word(pieces.keys, keys[second]);
    const Value mixed = {values[first][0], values[first][1], values[second][2], values[second][3]};
    finishQuestion(draft, pieces, begin, mixed, asked[0]);
    draft.questions.back().others = {asked[1]};
}

void draftFar(WordDraft& draft, const WordFamily& family, const WordPieces& pieces, Rng& rng) {
    const std::vector<std::int32_t> keys = rng.distinct(pieces.keys.size(), family.needles);
    const std::vector<std::int32_t> links = rng.distinct(pieces.numbers.size(), family.needles);
    const std::vector<Value> values = drawValues(family.needles, pieces, rng);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int32_t head = draft.begin();
        draft.word(pieces.keys, keys[i]);
        draft.mark(pieces.has_number);
        draft.word(pieces.numbers, links[i]);
        draft.mark(pieces.stop);
        const std::int32_t tail = draft.begin();
        draft.mark(pieces.number);
        draft.word(pieces.numbers, links[i]);
        draft.mark(pieces.is);
        appendValue(draft, pieces, values[i]);
        draft.mark(pieces.stop);
        draft.needles.push_back({{head, tail}, draft.since(tail), rng.between(kMinGap, kMaxGap)});
        draft.worst_tokens += kMaxGap;
    }
    askKeys(draft, family, pieces, keys, values, 0, rng);
}

// Needles sit on distinct cells of a side x side grid of (first word, second word).
void draftBind(WordDraft& draft, const WordFamily& family, const WordPieces& pieces, Rng& rng) {
    std::int32_t side = 2;
    while (side * side < family.needles + side) ++side;
    const std::vector<std::int32_t> keys = rng.distinct(pieces.keys.size(), 2 * side);
    const std::vector<std::int32_t> cells = rng.distinct(side * side, family.needles);
    const std::vector<Value> values = drawValues(family.needles, pieces, rng);
    const auto appendName = [&](std::int32_t cell) {
        draft.word(pieces.keys, keys[static_cast<std::size_t>(cell / side)]);
        draft.mark(pieces.of);
        draft.word(pieces.keys, keys[static_cast<std::size_t>(side + cell % side)]);
    };
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int32_t begin = draft.begin();
        appendName(cells[i]);
        finishNeedle(draft, pieces, begin, values[i]);
    }
    for (std::int32_t asked : rng.distinct(family.needles, family.questions)) {
        const std::int32_t begin = draft.begin();
        beginQuestion(draft, pieces);
        appendName(cells[static_cast<std::size_t>(asked)]);
        finishQuestion(draft, pieces, begin, values[static_cast<std::size_t>(asked)], asked);
    }
}

void draftCopy(WordDraft& draft, const WordPieces& pieces, Rng& rng) {
    const std::int32_t length = rng.between(kMinCopy, kMaxCopy);
    std::vector<std::int32_t> span(static_cast<std::size_t>(length));
    for (std::int32_t& word : span)
        word = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(pieces.vocabulary.size())));
    const std::int32_t begin = draft.begin();
    draft.mark(pieces.copy);
    for (std::int32_t word : span) draft.word(pieces.vocabulary, word);
    draft.mark(pieces.stop);
    draft.needles.push_back({draft.since(begin), {}, 0});
    WordDraft::Question question;
    const std::int32_t ask = draft.begin();
    draft.mark(pieces.copy_ask);
    question.ask = draft.since(ask);
    const std::int32_t answer = draft.begin();
    for (std::int32_t word : span) {
        draft.word(pieces.vocabulary, word);
        if (!question.text.empty()) question.text += ' ';
        question.text += pieces.vocabulary.text[static_cast<std::size_t>(word)];
    }
    question.answer = draft.since(answer);
    draft.questions.push_back(std::move(question));
    draft.worst_tokens += 2 * (kMaxCopy - length) * pieces.vocabulary.longest;
}

// Reads "<prefix><N>" or, where questions may be chosen, "<prefix><N>q<M>".
bool parseNumbers(const std::string& name, const std::string& prefix, bool questions, WordFamily& family) {
    if (!name.starts_with(prefix)) return false;
    const char* at = name.data() + prefix.size();
    const char* const end = name.data() + name.size();
    auto read = [&](std::int32_t& number) {
        if (at == end || *at == '0') return false;
        const std::from_chars_result result = std::from_chars(at, end, number);
        at = result.ptr;
        return result.ec == std::errc() && number > 0;
    };
    if (!read(family.needles)) return false;
    if (at == end) return true;
    if (!questions || *at++ != 'q') return false;
    return read(family.questions) && at == end;
}

}  // namespace

std::optional<WordFamily> WordFamily::parse(const std::string& name) {
    struct Form {
        const char* prefix;
        Kind kind;
        std::int32_t hops, min_needles, max_needles;
        bool questions;
        bool alias_first = false;
    };
    static constexpr Form kForms[] = {{"mk", Kind::Keys, 1, 1, kKeys, true},
                                      {"mq", Kind::Keys, 1, 1, kMaxQuestions, false},
                                      {"hop3_", Kind::Hop, 2, 1, kKeys / 3, true},
                                      {"hop", Kind::Hop, 1, 1, kKeys / 2, true},
                                      {"ahop3_", Kind::Hop, 2, 1, kKeys / 3, true, true},
                                      {"ahop", Kind::Hop, 1, 1, kKeys / 2, true, true},
                                      {"pair", Kind::Pair, 1, 2, kKeys, false},
                                      {"far", Kind::Far, 1, 1, 16, true},
                                      {"bind", Kind::Bind, 1, 1, kKeys, true}};
    WordFamily family;
    if (name == "single") return family;
    if (name == "copy") {
        family.kind = Kind::Copy;
        return family;
    }
    for (const Form& form : kForms) {
        family = {form.kind, 1, 1, form.hops, form.alias_first};
        if (!parseNumbers(name, form.prefix, form.questions, family)) continue;
        if (name.starts_with("mq")) family.questions = family.needles;
        const bool fits = family.needles >= form.min_needles && family.needles <= form.max_needles &&
                          family.questions <= kMaxQuestions && family.questions <= family.needles;
        return fits ? std::optional<WordFamily>(family) : std::nullopt;
    }
    return std::nullopt;
}

WordDraft draftWords(const WordFamily& family, const WordPieces& pieces, Rng& rng) {
    WordDraft draft;
    draft.ids.reserve(static_cast<std::size_t>(24 * family.needles * family.hops + 96));
    switch (family.kind) {
        case WordFamily::Kind::Keys:
            draftKeys(draft, family, pieces, rng);
            break;
        case WordFamily::Kind::Hop:
            draftHops(draft, family, pieces, rng);
            break;
        case WordFamily::Kind::Pair:
            draftPair(draft, family, pieces, rng);
            break;
        case WordFamily::Kind::Far:
            draftFar(draft, family, pieces, rng);
            break;
        case WordFamily::Kind::Bind:
            draftBind(draft, family, pieces, rng);
            break;
        case WordFamily::Kind::Copy:
            draftCopy(draft, pieces, rng);
            break;
    }
    const std::int32_t begin = draft.begin();
    draft.mark(pieces.stop);
    draft.close = draft.since(begin);
    return draft;
}

}  // namespace fm
