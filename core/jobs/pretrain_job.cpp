#include "core/jobs/pretrain_job.h"

#include <filesystem>

#include "core/base/atomic_file.h"
#include "core/export/model_folder.h"
#include "core/model/device.h"

namespace fm {

namespace {

constexpr int kRecallSamples = 128;
constexpr std::uint64_t kRecallSeed = 11;

std::vector<std::string> retrievalTasks(const PretrainSpec& spec) {
    std::vector<Problem> unused;  // the spec was validated
    std::vector<std::string> tasks;
    for (const TaskWeight& task : parseTaskWeights(spec.tasks, "tasks", unused)) {
        if (task.task != "text") tasks.push_back(task.task);
    }
    return tasks;
}

}  // namespace

nlohmann::json toJson(const PretrainOutcome& outcome) {
    nlohmann::json json = {{"model", outcome.model}, {"recall", nlohmann::json::array()}};
    for (const TaskRecall& recall : outcome.recall) {
        json["recall"].push_back({{"task", recall.task},
                                  {"tokens", recall.tokens},
                                  {"exact_match", recall.exact_match},
                                  {"token_accuracy", recall.token_accuracy}});
    }
    return json;
}

PretrainOutcome runPretrainJob(JobContext& context, const JobFiles& files, const PretrainSpec& spec,
                               Workplace& workplace) {
    std::vector<Problem> problems = validate(spec);
    for (const auto& [field, value] :
         {std::pair{"tokenizer", spec.tokenizer}, {"text", spec.text}, {"out", spec.out}}) {
        if (value.empty()) problems.push_back({field, "", "a path"});
    }
    if (!problems.empty()) throw InputError(problems);
    PretrainInputs inputs;
    inputs.device = prepareCompute(workplace.options());
    inputs.resources.tokenizer = Tokenizer::open(spec.tokenizer);
    inputs.resources.corpus = TextCorpus::load(spec.text, *inputs.resources.tokenizer);
    makeFolders(spec.out);
    inputs.checkpoint_path = files.checkpoint_path;
    if (inputs.checkpoint_path.empty()) {  // without a study the same command goes on
        inputs.checkpoint_path = (std::filesystem::path(spec.out) / "pretrain.state.safetensors").string();
        inputs.checkpoint_of_any_run = true;
    }

    RunOpened header = runHeader(files, "pretrain", specToJson(spec));
    header.device = describeDevice(inputs.device);
    header.tables = pretrainTables();
    context.open(header);
    context.setMemoryGauge([device = inputs.device] { return memoryInUse(device); });
    const DecoderWeights weights = runPretrain(spec, inputs, context);
    writeModelFolder(spec.out, weights, DType::F16, spec.tokenizer);
    std::filesystem::remove(inputs.checkpoint_path);

    return {spec.out, measureRecall(weights, inputs.resources, retrievalTasks(spec), spec.lengths.back(),
                                    kRecallSamples, kRecallSeed)};
}

}  // namespace fm
