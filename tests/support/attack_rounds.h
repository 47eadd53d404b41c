// How long the tests that attack the programs go on.
#pragma once

#include <QtGlobal>

namespace fm::testing {

// FM_ATTACK_ROUNDS, or `usual` where that is not set.
inline int attackRounds(int usual = 1) {
    const int given = qEnvironmentVariableIntValue("FM_ATTACK_ROUNDS");
    return given > 0 ? given : usual;
}

}  // namespace fm::testing
