// Checkpoints of jobs. Their hash is made right again, so that what stands behind it is reached as well.
#include <ATen/ATen.h>

#include "core/engine/job_checkpoint.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static RunOpened run() {
    RunOpened opened;
    opened.run_id = "20260314T150926Z-gates-3fa9c1";
    opened.spec_json = "{}";
    opened.tables.resize(2);
    return opened;
}

static std::string made() {
    JobCheckpoint checkpoint = checkpointOf(run(), 3);
    checkpoint.rows = {3, 1};
    checkpoint.state = {{"tokens_done", 12}, {"lr", 0.5}};
    checkpoint.tensors["gates"] = at::ones({4, 3}, at::kDouble);
    checkpoint.tensors["steps_done"] = at::full({}, 3, at::kLong);
    saveJobCheckpoint(scratch("made.safetensors"), checkpoint);
    return contentOf(scratch("made.safetensors"));
}

static void read(const std::uint8_t* data, std::size_t bytes) {
    const JobCheckpoint checkpoint = loadJobCheckpoint(fileWith("state.safetensors", data, bytes)).value();
    requireBelongs(checkpoint, run());
    requireStep(checkpoint, 10);
    requireRows(checkpoint, 0, checkpoint.step, checkpoint.step);
    requireRows(checkpoint, 1, 0, 5);
    required(checkpoint, "gates", {4, 3}, at::kDouble);
    required(checkpoint, "steps_done", at::IntArrayRef{}, at::kLong);
    requiredCount(checkpoint, "tokens_done");
    requiredNumber(checkpoint, "lr", 0, 1);
}

// The JSON inside of the metadata, which is a text in the JSON of the header; or that header itself.
static void change(std::string& bytes, Random& random) {
    if (random() % 2 == 0) return changeJsonHeader(bytes, random);
    std::uint64_t size = 0;
    std::copy_n(bytes.data(), 8, reinterpret_cast<char*>(&size));
    nlohmann::json header = nlohmann::json::parse(bytes.substr(8, size));
    std::string inner = header["__metadata__"]["flashmorph_job_checkpoint"];
    changeJson(inner, random);
    header["__metadata__"]["flashmorph_job_checkpoint"] = inner;
    const std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
    const std::string data = bytes.substr(8 + size);
    size = text.size();
    bytes = std::string(reinterpret_cast<const char*>(&size), 8) + text + data;
}

Target checkpointTarget() {
    return {"checkpoint", 156, [] { return std::vector<std::string>{made()}; }, read, change};
}

}  // namespace fm::fuzz
