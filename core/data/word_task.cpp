#include "core/data/word_task.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/data/task_parts.h"

namespace fm {
namespace {

struct Place {
    std::int32_t position = 0;  // filler tokens before the needle, gaps not counted
    std::int32_t needle = 0;
};

// Generated answers of a small teacher begin at once; the margin shows what it would say next.
constexpr std::int32_t kWordMargin = 8;

// Distinct positions in [0, free].
std::vector<Place> drawPlaces(std::int32_t needles, std::int32_t free, Rng& rng) {
    const std::vector<std::int32_t> positions = rng.distinct(free + 1, needles);
    std::vector<Place> places;
    for (std::int32_t i = 0; i < needles; ++i) places.push_back({positions[static_cast<std::size_t>(i)], i});
    return places;
}

// The needles that must stand before `needle`, the nearest one first.
std::vector<std::int32_t> aliasesOf(std::int32_t needle, const std::vector<WordDraft::Needle>& needles) {
    std::vector<std::int32_t> aliases;
    for (std::int32_t named = needle, i = 0; i < static_cast<std::int32_t>(needles.size()); ++i) {
        if (needles[static_cast<std::size_t>(i)].before != named) continue;
        aliases.push_back(i);
        named = i;
        i = -1;  // an alias of the alias may stand earlier in the draft
    }
    return aliases;
}

// Moves `needle` to the depth; whoever stands there takes the place that becomes free. An alias that must stand before
// it and does not exchanges places with a needle that does, or draws one where no other needle stands that early.
void fixPlace(std::vector<Place>& places, const std::vector<WordDraft::Needle>& needles, std::int32_t needle,
              std::int32_t wanted, Rng& rng) {
    const std::vector<std::int32_t> aliases = aliasesOf(needle, needles);
    wanted = std::max(wanted, static_cast<std::int32_t>(aliases.size()));
    const auto placeAt = [&](std::int32_t position) {
        return std::find_if(places.begin(), places.end(), [&](const Place& p) { return p.position == position; });
    };
    Place& mine = places[static_cast<std::size_t>(needle)];
    if (const auto there = placeAt(wanted); there != places.end()) there->position = mine.position;
    mine.position = wanted;
    for (const std::int32_t alias : aliases) {
        Place& late = places[static_cast<std::size_t>(alias)];
        if (late.position < wanted) continue;
        const auto early = std::find_if(places.begin(), places.end(), [&](const Place& p) {
            return p.position < wanted && std::find(aliases.begin(), aliases.end(), p.needle) == aliases.end();
        });
        if (early != places.end()) {
            std::swap(early->position, late.position);
            continue;
        }
        std::int32_t position = wanted;
        while (placeAt(position) != places.end()) position = rng.between(0, wanted - 1);
        late.position = position;
    }
}

// Exchanges places until every needle stands before the one it names; chains are at most two aliases long.
void putInOrder(std::vector<Place>& places, const std::vector<WordDraft::Needle>& needles) {
    for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t i = needles.size(); i-- > 0;) {  // aliases of values come before aliases of aliases
            if (needles[i].before < 0) continue;
            Place& named = places[static_cast<std::size_t>(needles[i].before)];
            if (places[i].position > named.position) std::swap(places[i].position, named.position);
        }
    }
}

void appendPart(TokenIds& ids, const WordDraft& draft, const WordDraft::Part& part) {
    ids.insert(ids.end(), draft.ids.begin() + part.begin, draft.ids.begin() + part.end);
}

using NeedleParts = std::array<TextPart, 2>;  // head and tail; the tail may be empty

std::vector<TextPart> partsOf(const WordDraft::Question& question, const std::vector<NeedleParts>& needles) {
    std::vector<TextPart> parts;
    const auto add = [&](std::int32_t needle) {
        for (const TextPart& part : needles[static_cast<std::size_t>(needle)])
            if (part.end > part.begin) parts.push_back(part);
    };
    add(question.needle);
    for (const std::int32_t needle : question.others) add(needle);
    std::sort(parts.begin(), parts.end(), [](const TextPart& a, const TextPart& b) { return a.begin < b.begin; });
    return parts;
}

std::int32_t size(const TokenIds& ids) { return static_cast<std::int32_t>(ids.size()); }

}  // namespace

WordTask::WordTask(std::string name, const WordFamily& family, const TaskResources& resources)
    : name_(std::move(name)),
      family_(family),
      resources_(resources),
      pieces_(*resources.tokenizer),
      filler_(resources) {
    Rng rng(0);  // only to count: the worst case is the same for every seed
    const WordDraft draft = draftWords(family_, pieces_, rng);
    min_tokens_ = draft.worst_tokens + static_cast<std::int32_t>(draft.needles.size());
}

Sample WordTask::make(std::uint64_t seed, std::int32_t tokens, double depth, std::int32_t question) const {
    if (tokens < min_tokens_) throwTooShort(name_, tokens, min_tokens_);
    Rng rng = taskRng(name_, resources_, seed);
    const WordDraft draft = draftWords(family_, pieces_, rng);
    std::int32_t free = tokens - size(draft.ids);
    for (const WordDraft::Needle& needle : draft.needles) free -= needle.gap;
    const std::size_t placed = static_cast<std::size_t>(question) % draft.questions.size();
    std::vector<Place> places = drawPlaces(static_cast<std::int32_t>(draft.needles.size()), free, rng);
    if (depth >= 0) {
        const auto wanted = static_cast<std::int32_t>(std::lround(std::min(depth, 1.0) * free));
        fixPlace(places, draft.needles, draft.questions[placed].needle, wanted, rng);
    }
    putInOrder(places, draft.needles);
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.position < b.position; });

    Sample sample = emptySample(name_, seed, tokens);
    FillerText::Reader filler = filler_.read(rng);
    std::vector<NeedleParts> parts(draft.needles.size());
    std::vector<double> needle_depth(draft.needles.size());
    std::int32_t written = 0;
    for (const Place& place : places) {
        const auto index = static_cast<std::size_t>(place.needle);
        const WordDraft::Needle& needle = draft.needles[index];
        filler.append(sample.ids, place.position - written);
        written = place.position;
        needle_depth[index] = free > 0 ? static_cast<double>(place.position) / free : 0;
        parts[index][0].begin = size(sample.ids);
        appendPart(sample.ids, draft, needle.head);
        parts[index][0].end = size(sample.ids);
        filler.append(sample.ids, needle.gap);
        parts[index][1].begin = size(sample.ids);
        appendPart(sample.ids, draft, needle.tail);
        parts[index][1].end = size(sample.ids);
    }
    filler.append(sample.ids, free - written);
    for (const WordDraft::Question& asked : draft.questions) {
        appendPart(sample.ids, draft, asked.ask);
        const auto index = static_cast<std::size_t>(asked.needle);
        sample.answers.push_back({size(sample.ids), asked.answer.length(), asked.text, needle_depth[index],
                                  parts[index][0].begin, partsOf(asked, parts)});
        appendPart(sample.ids, draft, asked.answer);
    }
    sample.answer_budget = size(sample.ids) - sample.answers.front().begin;
    askOneByOne(sample, kWordMargin);
    sample.placed = static_cast<std::int32_t>(placed);
    appendPart(sample.ids, draft, draft.close);
    return sample;
}

}  // namespace fm
