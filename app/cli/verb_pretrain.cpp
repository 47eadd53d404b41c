// flashmorph pretrain: makes a small teacher from a tokenizer and text.
#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/cli/compute.h"
#include "app/cli/job_verb.h"
#include "app/cli/verbs.h"
#include "core/engine/pretrain.h"
#include "core/export/model_folder.h"
#include "core/model/device.h"

namespace fm::cli {

namespace {

JobOutcome pretrain(JobContext& context, const JobFiles& files, const PretrainSpec& spec, Workplace& workplace) {
    std::vector<Problem> problems = validate(spec);
    for (const auto& [field, value] :
         {std::pair{"tokenizer", spec.tokenizer}, {"text", spec.text}, {"out", spec.out}}) {
        if (value.empty()) problems.push_back({field, "", "a path"});
    }
    if (!problems.empty()) throw InputError(problems);
    PretrainInputs inputs;
    inputs.device = prepareCompute(workplace.global());
    inputs.resources.tokenizer = Tokenizer::open(spec.tokenizer);
    inputs.resources.corpus = TextCorpus::load(spec.text, *inputs.resources.tokenizer);
    std::filesystem::create_directories(spec.out);
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

    JobOutcome outcome;
    outcome.json = {{"model", spec.out}, {"recall", nlohmann::json::array()}};
    outcome.text = "model  " + spec.out + "\n";
    std::vector<Problem> unused;
    std::vector<std::string> tasks;
    for (const TaskWeight& task : parseTaskWeights(spec.tasks, "tasks", unused)) {
        if (task.task != "text") tasks.push_back(task.task);
    }
    for (const TaskRecall& recall : measureRecall(weights, inputs.resources, tasks, spec.lengths.back(), 128, 11)) {
        outcome.json["recall"].push_back({{"task", recall.task},
                                          {"tokens", recall.tokens},
                                          {"exact_match", recall.exact_match},
                                          {"token_accuracy", recall.token_accuracy}});
        char line[128];
        std::snprintf(line, sizeof line, "%-12s %6d tokens  exact %.3f  tokens %.3f\n", recall.task.c_str(),
                      recall.tokens, recall.exact_match, recall.token_accuracy);
        outcome.text += line;
    }
    return outcome;
}

}  // namespace

void addPretrainVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<PretrainSpec>(app, cli,
                             {.name = "pretrain",
                              .help = "train a small teacher from a tokenizer and text",
                              .run = pretrain,
                              .needs_study = false});
}

}  // namespace fm::cli
