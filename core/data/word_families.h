// The families of word tasks: which needles are hidden and what is asked. A family is worth having when one
// induction layer alone cannot answer it.
//
//   keys  (single, mk, mq)  " river is alpha bravo charlie delta."       "\n what is river?"   one look-up
//   hop   (hop, hop3_)      " river is the same as stone." ... " stone is alpha bravo ..."     look-ups in a row
//   ahop  (ahop, ahop3_)    the same, but each alias stands before what it names: nothing but a second look-up helps
//   pair                    "\n what is river and stone?" -> words 1-2 of river, words 3-4 of stone
//   far                     " river has number four." + 4 to 24 filler tokens + " number four is alpha ..."
//   bind                    " river of stone is alpha ..."; other needles share "river" or "stone": both must match
//   copy                    " copy: <16 to 32 random words>."             "\n copy:"
#pragma once

#include <optional>
#include <string>

#include "core/data/random.h"
#include "core/data/word_draft.h"

namespace fm {

struct WordFamily {
    enum class Kind { Keys, Hop, Pair, Far, Bind, Copy };
    Kind kind = Kind::Keys;
    std::int32_t needles = 1;    // values hidden (chains for Hop)
    std::int32_t questions = 1;  // distinct values asked, <= needles
    std::int32_t hops = 1;       // Hop: aliases before the value, 1 or 2
    bool alias_first = false;    // Hop: every alias stands before the needle that it names

    // Nothing when `name` is not the name of a word task or its numbers are out of range (tasks.h).
    static std::optional<WordFamily> parse(const std::string& name);
};

WordDraft draftWords(const WordFamily& family, const WordPieces& pieces, Rng& rng);

}  // namespace fm
