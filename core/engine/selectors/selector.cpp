#include "core/engine/selectors/selector.h"

#include <algorithm>

namespace fm {

const std::vector<Selector>& selectors() {
    static const std::vector<Selector> table = {
        {"uniform-a", "every L/K-th layer from the first", chooseUniformA},
        {"uniform-b", "evenly spaced layers that end with the last", chooseUniformB},
        {"local-error", "layers whose branch is furthest from its own layer on the teacher's inputs", chooseLocalError},
        {"remove-one", "layers that hurt most when each alone becomes linear", chooseRemoveOne},
        {"restore-one", "layers that help most when each alone keeps full attention", chooseRestoreOne},
        {"greedy-remove", "from the teacher, the cheapest layer becomes linear, again and again", chooseGreedyRemove},
        {"greedy-add", "from all linear, the most useful layer is restored, again and again", chooseGreedyAdd},
        {"exhaustive", "the best of all plans of this budget", chooseExhaustive},
        {"random", "the median of plans drawn at random", chooseRandom},
    };
    return table;
}

std::vector<std::string> selectorNames() {
    std::vector<std::string> names;
    for (const Selector& selector : selectors()) names.emplace_back(selector.name);
    return names;
}

const Selector* findSelector(const std::string& name) {
    const auto found = std::find_if(selectors().begin(), selectors().end(),
                                    [&name](const Selector& selector) { return selector.name == name; });
    return found == selectors().end() ? nullptr : &*found;
}

}  // namespace fm
