#include "core/data/niah_text.h"

#include "core/data/ruler_words.h"

namespace fm {
namespace {

constexpr const char* kBefore =
    "Some special magic {type_needle_v} are hidden within the following text. Make sure to memorize it. I will quiz "
    "you about "
    "the {type_needle_v} afterwards.\n";
constexpr const char* kAfter =
    "\nWhat are all the special magic {type_needle_v} for {query} mentioned in the provided text?";
constexpr const char* kAnswerPrefix =
    " The special magic {type_needle_v} for {query} mentioned in the provided text are";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string pluralOf(NeedleWord value) {
    switch (value) {
        case NeedleWord::Words:
            return "words";
        case NeedleWord::Numbers:
            return "numbers";
        case NeedleWord::Uuids:
            break;
    }
    return "uuids";
}

// RULER's replacements work on the template, in this order, before anything is filled in.
std::string filled(const char* text, const NiahKind& kind, const std::string& query) {
    std::string type = pluralOf(kind.value), result = text;
    if (kind.singular()) {
        result = replaced(result, "Some", "A");
        result = replaced(result, "are all", "is");
        result = replaced(result, "are", "is");
        result = replaced(result, "answers", "answer");
        type.pop_back();
    }
    result = replaced(result, "{type_needle_v}", type);
    return replaced(result, "{query}", query);
}

std::string uuid(Rng& rng) {
    static constexpr char kHex[] = "0123456789abcdef";
    const std::uint64_t high = (rng.next() & ~0xF000ULL) | 0x4000ULL;       // version 4
    const std::uint64_t low = (rng.next() & ~(3ULL << 62)) | (2ULL << 62);  // RFC 4122 variant
    std::string text;
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text += '-';
        const std::uint64_t half = nibble < 16 ? high : low;
        text += kHex[(half >> (60 - 4 * (nibble % 16))) & 15];
    }
    return text;
}

}  // namespace

const std::vector<NiahKind>& niahKinds() {
    static const std::vector<NiahKind> kinds = {
        {"niah_single_1", Haystack::Noise, NeedleWord::Words, NeedleWord::Numbers, 1, 1, 1},
        {"niah_single_2", Haystack::Essay, NeedleWord::Words, NeedleWord::Numbers, 1, 1, 1},
        {"niah_single_3", Haystack::Essay, NeedleWord::Words, NeedleWord::Uuids, 1, 1, 1},
        {"niah_multikey_1", Haystack::Essay, NeedleWord::Words, NeedleWord::Numbers, 4, 1, 1},
        {"niah_multikey_2", Haystack::Needles, NeedleWord::Words, NeedleWord::Numbers, 1, 1, 1},
        {"niah_multikey_3", Haystack::Needles, NeedleWord::Uuids, NeedleWord::Uuids, 1, 1, 1},
        {"niah_multivalue", Haystack::Essay, NeedleWord::Words, NeedleWord::Numbers, 1, 4, 1},
        {"niah_multiquery", Haystack::Essay, NeedleWord::Words, NeedleWord::Numbers, 4, 1, 4},
    };
    return kinds;
}

std::string drawNeedleWord(NeedleWord kind, Rng& rng) {
    switch (kind) {
        case NeedleWord::Words: {
            const std::vector<std::string_view>&adjectives = rulerAdjectives(), &nouns = rulerNouns();
            const std::string_view adjective = adjectives[rng.below(adjectives.size())];
            return std::string(adjective) + "-" + std::string(nouns[rng.below(nouns.size())]);
        }
        case NeedleWord::Numbers:
            return std::to_string(rng.between(1000000, 9999999));
        case NeedleWord::Uuids:
            break;
    }
    return uuid(rng);
}

std::string needleStem(NeedleWord value, const std::string& key) {
    return "One of the special magic " + pluralOf(value) + " for " + key + " is: ";
}

NiahFrame niahFrame(const NiahKind& kind, const std::string& query) {
    return {filled(kBefore, kind, query), filled(kAfter, kind, query), filled(kAnswerPrefix, kind, query)};
}

std::string joinQuery(const std::vector<std::string>& keys) {
    std::string text;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i > 0) text += i + 1 == keys.size() ? ", and " : ", ";
        text += keys[i];
    }
    return text;
}

}  // namespace fm
