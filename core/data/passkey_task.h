// The selection data of FlashMorph and DuoAttention: passkeys of NATO words in book text, asked in order at the end.
#pragma once

#include "core/data/tasks.h"

namespace fm {

// How a needle begins: "Remember this sequence of words, it is the first passkey ..." as FlashMorph prints it, or
// DuoAttention's "Remeber ..., it's the first passkey ...".
enum class PasskeyWording { FlashMorph, DuoAttention };

struct PasskeyShape {
    std::int32_t keys = 10;   // in [1, 10]
    std::int32_t words = 32;  // of each key, in [1, 64]
    PasskeyWording wording = PasskeyWording::FlashMorph;
};

// Only the passkey words are labelled. The needles stand at sorted distinct depths out of linspace(0.05, 0.95, 1000),
// in the order of their ordinals, at the next word boundary. The text is tokenised as one (DuoAttention joins
// separately tokenised pieces). With a chat family the book and the first question are the user's
// turn, "Passkey:" starts the assistant's, and the other questions and answers follow in it.
class PasskeyTask : public Task {
public:
    PasskeyTask(std::string name, const PasskeyShape& shape, const TaskResources& resources);
    const std::string& name() const override { return name_; }
    // A given depth replaces the drawn depth nearest to it, whatever `question` says.
    Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1, std::int32_t question = 0) const override;

private:
    std::vector<std::string> drawPasskeys(std::uint64_t seed, std::int32_t attempt) const;
    void build(const std::vector<std::string>& passkeys, const std::vector<double>& depths, const std::string& book,
               Sample& sample) const;

    std::string name_;
    std::int32_t keys_, words_;
    PasskeyWording wording_;
    TaskResources resources_;
    std::int32_t min_tokens_ = 0;
};

}  // namespace fm
