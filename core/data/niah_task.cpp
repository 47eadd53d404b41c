#include "core/data/niah_task.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "core/data/haystack.h"
#include "core/data/noise.h"
#include "core/data/prompt_builder.h"
#include "core/data/ruler_words.h"
#include "core/data/task_parts.h"

namespace fm {

struct NiahTask::Draw {
    std::vector<Needle> needles;      // in the order of insertion
    std::vector<std::int32_t> asked;  // needles whose values are the references, by asked key
    std::vector<std::string> query;   // asked keys
    std::vector<std::string> units;   // haystack: words or lines, more than fit
    std::uint64_t unit_key = 0;       // stream of the haystack
    std::uint64_t place_key = 0;      // stream of the insertion places
    double depth = -1;
};

namespace {

constexpr std::int32_t kAnswerBudget = 128;
constexpr std::uint64_t kNeedleShuffleSeed = 42;  // RULER shuffles with the global seed: the same order in every sample
constexpr std::int32_t kEssayDepths = 40;

struct Insertion {
    std::size_t at = 0;  // index of the line or sentence before which the needle goes
    double depth = 0;
    std::size_t needle = 0;
};

void forceDepth(std::vector<Insertion>& insertions, std::size_t needle, std::size_t at, double depth) {
    Insertion* mine = nullptr;
    for (Insertion& insertion : insertions)
        if (insertion.needle == needle) mine = &insertion;
    for (Insertion& insertion : insertions)
        if (&insertion != mine && insertion.at == at)
            std::swap(insertion.at, mine->at), std::swap(insertion.depth, mine->depth);
    mine->at = at;
    mine->depth = depth;
}

}  // namespace

NiahTask::NiahTask(const NiahKind& kind, const TaskResources& resources)
    : name_(kind.name), kind_(kind), resources_(resources) {
    if (kind_.haystack == Haystack::Essay) requireCorpus(name_, resources_);
    const NiahFrame frame = niahFrame(kind_, "x");
    const ChatFrame chat = ChatFrame::make(resources_.chat_family, frame.answer_prefix);
    const std::int32_t key = worstWord(kind_.key), value = worstWord(kind_.value);
    const std::int32_t needles = std::max(kind_.keys, kind_.queries) * kind_.values;
    const std::int32_t needle = count(needleStem(kind_.value, "") + ".\n") + key + value + 2;
    const auto chat_tokens = static_cast<std::int32_t>(resources_.tokenizer->encode(chat.head).size() +
                                                       resources_.tokenizer->encode(chat.tail).size());
    fixed_tokens_ = count(frame.before + frame.after) + chat_tokens + 2 * kind_.queries * (key + 3) + needles * needle +
                    kAnswerBudget;
    const std::int32_t unit = kind_.haystack == Haystack::Noise ? count(std::string(kNoiseLine) + "\n") : needle;
    min_tokens_ = fixed_tokens_ + needles * (kind_.haystack == Haystack::Essay ? 16 : unit);
}

std::int32_t NiahTask::count(const std::string& text) const {
    return static_cast<std::int32_t>(resources_.tokenizer->encodeOrdinary(text).size());
}

std::int32_t NiahTask::worstWord(NeedleWord kind) const {
    if (kind == NeedleWord::Numbers) return 9;
    if (kind == NeedleWord::Uuids) return 37;
    const auto longest = [&](const std::vector<std::string_view>& words, const char* before) {
        std::int32_t worst = 0;
        for (std::string_view word : words) worst = std::max(worst, count(before + std::string(word)));
        return worst;
    };
    return longest(rulerAdjectives(), " ") + longest(rulerNouns(), "-") + 1;
}

std::vector<std::string> NiahTask::haystackUnits(std::int32_t tokens, std::uint64_t key) const {
    Rng rng(key);
    if (kind_.haystack == Haystack::Essay) return splitWords(corpusText(resources_, tokens + tokens / 4, false, rng));
    std::vector<std::string> units;
    std::int32_t shortest = count(kNoiseLine);
    if (kind_.haystack == Haystack::Needles) shortest = count(needleStem(kind_.value, "a-b") + ".");
    units.reserve(static_cast<std::size_t>(tokens / shortest) + 1);
    for (std::int32_t i = 0; i <= tokens / shortest; ++i) {
        if (kind_.haystack == Haystack::Noise) {
            units.emplace_back(kNoiseLine);
        } else {
            const std::string key = drawNeedleWord(kind_.key, rng);
            units.push_back(needleStem(kind_.value, key) + drawNeedleWord(kind_.value, rng) + ".");
        }
    }
    return units;
}

NiahTask::Draw NiahTask::draw(std::uint64_t seed, std::int32_t tokens, double depth) const {
    Rng rng = taskRng(name_, resources_, seed);
    Draw draw;
    draw.depth = depth;
    std::vector<std::string> keys;
    for (std::int32_t k = 0; k < std::max(kind_.keys, kind_.queries); ++k) {
        keys.push_back(drawNeedleWord(kind_.key, rng));
        for (std::int32_t v = 0; v < kind_.values; ++v)
            draw.needles.push_back({needleStem(kind_.value, keys.back()), drawNeedleWord(kind_.value, rng), k});
    }
    std::vector<std::int32_t> order(draw.needles.size());
    std::iota(order.begin(), order.end(), 0);
    Rng(kNeedleShuffleSeed).shuffle(order);
    std::vector<Needle> shuffled;
    std::vector<std::int32_t> place_of(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        place_of[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
        shuffled.push_back(draw.needles[static_cast<std::size_t>(order[i])]);
    }
    draw.needles = std::move(shuffled);
    for (std::int32_t key : rng.distinct(static_cast<std::int32_t>(keys.size()), kind_.queries)) {
        draw.query.push_back(keys[static_cast<std::size_t>(key)]);
        for (std::int32_t v = 0; v < kind_.values; ++v)
            draw.asked.push_back(place_of[static_cast<std::size_t>(key * kind_.values + v)]);
    }
    draw.place_key = rng.next();
    draw.unit_key = rng.next();
    draw.units = haystackUnits(tokens, draw.unit_key);
    return draw;
}

// Words, joined by blanks, and lines, joined by newlines, are tokenised one by one by all splitters we know, so their
// counts add up; build() checks the sum.
std::size_t NiahTask::unitsThatFit(std::span<const std::string> units, std::int32_t budget) const {
    const bool words = kind_.haystack == Haystack::Essay;
    const bool same = kind_.haystack == Haystack::Noise;
    std::int32_t tokens = 0, each = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (i == 0 || !same) each = words ? count(" " + units[i]) : count(units[i] + "\n");
        tokens += each;
        if (tokens > budget) return i;
    }
    return units.size();
}

NiahTask::Place NiahTask::appendNeedle(const Needle& needle, double depth, std::string& text) {
    Place place{.begin = text.size(), .value = text.size() + needle.stem.size(), .depth = depth};
    text += needle.stem + needle.value + ".";
    place.end = text.size();
    return place;
}

NiahTask::Context NiahTask::essay(const Draw& draw, std::size_t words) const {
    const std::span<const std::string> text = std::span(draw.units).first(words);
    std::vector<std::size_t> starts = sentenceStarts(text);
    const std::size_t sentences = starts.size();
    starts.push_back(words);
    Rng rng(draw.place_key);
    std::vector<Insertion> insertions;
    for (std::int32_t candidate : rng.distinct(kEssayDepths, static_cast<std::int32_t>(draw.needles.size()))) {
        const double percent = std::nearbyint(100.0 * candidate / (kEssayDepths - 1));
        insertions.push_back(
            {static_cast<std::size_t>(static_cast<double>(sentences) * (percent / 100)), percent / 100, 0});
    }
    const auto earlier = [](const Insertion& a, const Insertion& b) { return a.depth < b.depth; };
    std::sort(insertions.begin(), insertions.end(), earlier);
    for (std::size_t i = 0; i < insertions.size(); ++i) insertions[i].needle = i;
    if (draw.depth >= 0) {
        const double depth = std::min(draw.depth, 1.0);
        forceDepth(insertions, static_cast<std::size_t>(draw.asked.front()),
                   static_cast<std::size_t>(static_cast<double>(sentences) * depth), depth);
        std::sort(insertions.begin(), insertions.end(), earlier);
    }
    Context context;
    context.places.resize(draw.needles.size());
    std::size_t word = 0;
    const auto appendUntil = [&](std::size_t end) {
        for (std::size_t first = word; word < end; ++word) context.text += (word > first ? " " : "") + text[word];
    };
    for (const Insertion& insertion : insertions) {
        appendUntil(starts[insertion.at]);
        const Needle& needle = draw.needles[insertion.needle];
        context.text += ' ';  // even where nothing stands before it: RULER joins pieces by a blank
        context.places[insertion.needle] = appendNeedle(needle, insertion.depth, context.text);
        context.text += ' ';
    }
    appendUntil(words);
    return context;
}

NiahTask::Context NiahTask::lines(const Draw& draw, std::size_t lines) const {
    Rng rng(draw.place_key);
    std::vector<Insertion> insertions;
    for (std::int32_t at :
         rng.distinct(static_cast<std::int32_t>(lines), static_cast<std::int32_t>(draw.needles.size())))
        insertions.push_back({static_cast<std::size_t>(at), static_cast<double>(at) / static_cast<double>(lines), 0});
    const auto earlier = [](const Insertion& a, const Insertion& b) { return a.at < b.at; };
    std::sort(insertions.begin(), insertions.end(), earlier);
    // RULER hands the first needle to the largest index.
    for (std::size_t i = 0; i < insertions.size(); ++i) insertions[i].needle = insertions.size() - 1 - i;
    if (draw.depth >= 0) {
        const double last = static_cast<double>(lines - 1);
        const auto at = static_cast<std::size_t>(std::lround(std::min(draw.depth, 1.0) * last));
        forceDepth(insertions, static_cast<std::size_t>(draw.asked.front()), at,
                   static_cast<double>(at) / static_cast<double>(lines));
        std::sort(insertions.begin(), insertions.end(), earlier);
    }
    Context context;
    context.places.resize(draw.needles.size());
    auto next = insertions.begin();
    for (std::size_t line = 0; line < lines; ++line) {
        for (; next != insertions.end() && next->at == line; ++next) {
            const Needle& needle = draw.needles[next->needle];
            context.places[next->needle] = appendNeedle(needle, next->depth, context.text);
            context.text += '\n';
        }
        context.text += draw.units[line];
        if (line + 1 < lines) context.text += '\n';
    }
    return context;
}

void NiahTask::build(const Draw& draw, std::size_t units, Sample& sample) const {
    const Context context = kind_.haystack == Haystack::Essay ? essay(draw, units) : lines(draw, units);
    const NiahFrame frame = niahFrame(kind_, joinQuery(draw.query));
    const ChatFrame chat = ChatFrame::make(resources_.chat_family, frame.answer_prefix);
    PromptBuilder prompt;
    prompt.frame(chat.head);
    prompt.text(frame.before);
    const auto placeOf = [&](std::int32_t needle) -> const Place& {
        return context.places[static_cast<std::size_t>(needle)];
    };
    const auto earlier = [&](std::int32_t a, std::int32_t b) { return placeOf(a).begin < placeOf(b).begin; };
    // Keys are answered in the order of the question, the values of one key as they are read in the context.
    std::vector<std::int32_t> references = draw.asked;
    for (auto key = references.begin(); key != references.end(); key += kind_.values)
        std::sort(key, key + kind_.values, earlier);
    std::vector<std::int32_t> order = references;
    std::sort(order.begin(), order.end(), earlier);
    std::vector<PromptBuilder::Needle> marks(draw.needles.size());
    std::size_t written = 0;
    const auto markAt = [&](std::size_t byte) {
        prompt.text(std::string_view(context.text).substr(written, byte - written));
        written = byte;
        return prompt.mark();
    };
    for (const std::int32_t index : order) {
        const Place& place = placeOf(index);
        PromptBuilder::Needle& needle = marks[static_cast<std::size_t>(index)];
        needle.begin = markAt(place.begin);
        needle.place = markAt(place.value);
        needle.end = markAt(place.end);
    }
    prompt.text(std::string_view(context.text).substr(written));
    prompt.text(frame.after);
    if (resources_.chat_family.empty()) {
        prompt.text(chat.tail);
    } else {
        prompt.frame(chat.tail);
    }
    for (std::size_t i = 0; i < references.size(); ++i) {
        const auto needle = static_cast<std::size_t>(references[i]);
        if (i > 0) prompt.text(i + 1 == references.size() ? ", and" : ",");
        prompt.answer(" " + draw.needles[needle].value, marks[needle], context.places[needle].depth);
    }
    prompt.text(".");
    prompt.finish(*resources_.tokenizer, sample);
    sample.questions = {
        {0, static_cast<std::int32_t>(references.size()), kAnswerBudget, placeOf(draw.asked.front()).depth}};
}

Sample NiahTask::make(std::uint64_t seed, std::int32_t tokens, double depth, std::int32_t) const {
    if (tokens < min_tokens_) throwTooShort(name_, tokens, min_tokens_);
    Draw draw = this->draw(seed, tokens, depth);
    Sample sample = emptySample(name_, seed, tokens);
    const std::size_t least = kind_.haystack == Haystack::Essay ? 1 : draw.needles.size();
    const auto excess = [&] { return sample.answers.front().begin + kAnswerBudget - tokens; };
    build(draw, least, sample);
    const std::int32_t budget = -excess();
    const auto fitting = [&] { return least + unitsThatFit(std::span(draw.units).subspan(least), budget); };
    std::size_t units = fitting();
    // Collapsing white space can leave less text than the tokens that it was cut from.
    for (std::int32_t window = 2 * tokens; units == draw.units.size() && window <= 64 * tokens; window *= 2) {
        draw.units = haystackUnits(window, draw.unit_key);
        units = fitting();
    }
    build(draw, units, sample);
    while (excess() > 0 && units > least) build(draw, --units, sample);
    // Joints can also save tokens.
    while (units < draw.units.size() && count(" " + draw.units[units]) <= -excess()) {
        build(draw, units + 1, sample);
        if (excess() > 0) {
            build(draw, units, sample);
            break;
        }
        ++units;
    }
    sample.answer_budget = kAnswerBudget;
    return sample;
}

}  // namespace fm
