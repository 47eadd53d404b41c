// RULER's eight needle-in-a-haystack tasks (resources/handbook/evaluation.md, "RULER").
//
// Where ours differ from RULER: the random generator is ours; the essay haystack is the user's corpus instead of Paul
// Graham's essays, with a simpler sentence splitter (haystack.h); the haystack is the largest that fits, to the word or
// the line, where RULER takes steps of 5 to 500.
#pragma once

#include <span>

#include "core/data/niah_text.h"
#include "core/data/tasks.h"

namespace fm {

// prompt tokens + 128 to generate <= length. The labelled continuation lists all references, "a, b, c, and d.".
class NiahTask : public Task {
public:
    NiahTask(const NiahKind& kind, const TaskResources& resources);
    const std::string& name() const override { return name_; }
    Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1, std::int32_t question = 0) const override;

private:
    struct Needle {
        std::string stem, value;
        std::int32_t key = 0;
    };
    // A needle in the context's text, its value there, and how deep it stands.
    struct Place {
        std::size_t begin = 0, value = 0, end = 0;  // bytes
        double depth = 0;
    };
    struct Context {
        std::string text;
        std::vector<Place> places;  // by needle
    };
    struct Draw;  // everything of a sample but its size

    Draw draw(std::uint64_t seed, std::int32_t tokens, double depth) const;
    std::vector<std::string> haystackUnits(std::int32_t tokens, std::uint64_t key) const;
    std::size_t unitsThatFit(std::span<const std::string> units, std::int32_t budget) const;
    static Place appendNeedle(const Needle& needle, double depth, std::string& text);
    Context essay(const Draw& draw, std::size_t words) const;
    Context lines(const Draw& draw, std::size_t lines) const;
    void build(const Draw& draw, std::size_t units, Sample& sample) const;
    std::int32_t count(const std::string& text) const;
    std::int32_t worstWord(NeedleWord kind) const;

    std::string name_;
    NiahKind kind_;
    TaskResources resources_;
    std::int32_t fixed_tokens_ = 0;  // upper bound of everything but the haystack, answer budget included
    std::int32_t min_tokens_ = 0;
};

}  // namespace fm
