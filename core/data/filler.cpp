#include "core/data/filler.h"

#include "core/base/error.h"
#include "core/data/noise.h"

namespace fm {

FillerText::FillerText(const TaskResources& resources) {
    if (!resources.corpus) {
        noise_ = resources.tokenizer->encodeOrdinary(std::string(" ") + kNoiseLine);
        return;
    }
    corpus_ = resources.corpus->tokens(resources.part);
    if (corpus_.empty())
        throw InputError(Problem{"corpus", "no text in the part that is read", "a corpus with text in both parts"});
}

}  // namespace fm
