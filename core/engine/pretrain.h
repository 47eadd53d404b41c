// Trains a small decoder from scratch on text and retrieval tasks: how the built-in teacher was made, and how a user
// makes one of their own. Reasons: resources/handbook/evaluation.md, "Small teachers".
#pragma once

#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/data/tasks.h"
#include "core/engine/batch_fn.h"
#include "core/model/decoder_weights.h"
#include "core/run/job_context.h"

namespace fm {

struct PretrainSpec {
    std::string tokenizer;
    std::string text;
    std::string out;
    std::string start;
    std::int64_t num_layers = 12;
    std::int64_t hidden_size = 128;
    std::int64_t num_heads = 4;
    std::int64_t num_kv_heads = 2;
    std::int64_t head_dim = 32;
    std::int64_t intermediate_size = 384;
    double rope_theta = 10000;
    // Phases: from short to long, because a model that starts at length 512 sits on the induction plateau.
    std::vector<int> lengths = {128, 512};
    std::vector<double> phase_shares = {0.4, 0.6};
    std::int64_t tokens = 600'000'000;
    std::int64_t tokens_per_step = 32768;
    std::vector<std::string> tasks = {"single:3",  "mk4q4:5",   "mk8q4:6",   "mk16q4:7", "mk32q8:10", "mq4:4",
                                      "hop2q2:5",  "hop4q4:14", "hop8q8:12", "pair4:4",  "pair8:4",   "far2q2:4",
                                      "bind4q4:5", "bind8q4:5", "copy:6",    "text:15"};
    double context_loss = 0.3;
    double mixer_drop = 0.1;
    double lr = 3e-3;
    double weight_decay = 0.05;
    std::int64_t eval_every = 500;
    std::int64_t checkpoint_every = 2000;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        visit(s.tokenizer,
              FieldInfo{.name = "tokenizer", .unit = "", .help = "folder with the tokenizer.json of the new model"});
        visit(s.text, FieldInfo{.name = "text",
                                .unit = "",
                                .help = "text to train on: a folder of .txt or .jsonl files, or one .txt file"});
        visit(s.out, FieldInfo{.name = "out", .unit = "", .help = "folder the model is written to"});
        visit(s.start, FieldInfo{.name = "start",
                                 .unit = "",
                                 .help = "model folder to go on from, of the same shape; none: random weights"});
        visit(s.num_layers, FieldInfo{"num_layers", "layers", "depth of the decoder", 1, 256});
        visit(s.hidden_size, FieldInfo{"hidden_size", "", "width of the residual stream", 8, 65536});
        visit(s.num_heads, FieldInfo{"num_heads", "heads", "query heads", 1, 1024});
        visit(s.num_kv_heads, FieldInfo{"num_kv_heads", "heads", "key/value heads", 1, 1024});
        visit(s.head_dim, FieldInfo{"head_dim", "", "width of one head", 2, 256});
        visit(s.intermediate_size, FieldInfo{"intermediate_size", "", "width of the SwiGLU block", 8, 262144});
        visit(s.rope_theta, FieldInfo{"rope_theta", "", "base of the rotary embedding", 1, 1e9});
        visit(s.lengths, FieldInfo{"lengths", "tokens", "sequence length of each phase, short first", 16, 65536});
        visit(s.phase_shares, FieldInfo{"phase_shares", "1", "share of the tokens each phase gets", 0, 1});
        visit(s.tokens, FieldInfo{"tokens", "tokens", "training tokens in all", 1, 1e13});
        visit(s.tokens_per_step, FieldInfo{"tokens_per_step", "tokens", "tokens in one optimiser step", 16, 1e8});
        visit(s.tasks, FieldInfo{.name = "tasks", .unit = "", .help = "task:weight pairs of the mix"});
        visit(s.context_loss, FieldInfo{"context_loss", "", "weight of the next-token loss outside answers", 0, 10});
        visit(s.mixer_drop,
              FieldInfo{"mixer_drop", "1",
                        "chance that a sequence skips a layer's attention, so that no single layer holds every skill",
                        0, 0.9});
        visit(s.lr, FieldInfo{"lr", "", "peak learning rate (AdamW, warm-up 2 %, cosine to 2 %)", 0, 1});
        visit(s.weight_decay, FieldInfo{"weight_decay", "", "AdamW decay of the matrices", 0, 1});
        visit(s.eval_every, FieldInfo{"eval_every", "steps", "measure the held-out tasks every so many steps", 1, 1e9});
        visit(s.checkpoint_every,
              FieldInfo{"checkpoint_every", "steps", "save the state for resume every so many steps", 1, 1e9});
        visit(s.seed, FieldInfo{"seed", "", "seed of weights, data and dropped mixers", 0, 9.0e15});
    }
};

struct TaskWeight {
    std::string task;
    double weight = 1;
};
// "mk8:4" -> {"mk8", 4}; "text" -> {"text", 1}. Problems are put under `field`.
std::vector<TaskWeight> parseTaskWeights(const std::vector<std::string>& texts, const std::string& field,
                                         std::vector<Problem>& problems);

std::vector<Problem> validate(const PretrainSpec& spec);

// Config of the model this spec trains; special ids come from the tokenizer.
ModelConfig pretrainConfig(const PretrainSpec& spec, const Tokenizer& tokenizer);

// Table 0 "steps", table 1 "evals".
std::vector<Table> pretrainTables();

struct PretrainInputs {
    TaskResources resources;  // tokenizer and text
    at::Device device = at::kCPU;
    std::string checkpoint_path;         // "" = none
    bool checkpoint_of_any_run = false;  // of one with this spec: without a study every start is a run of its own
};

// Returns fp32 weights. Throws Cancelled after saving its state.
DecoderWeights runPretrain(const PretrainSpec& spec, const PretrainInputs& inputs, JobContext& context);

// Teacher-forced exact match and token accuracy of each task on held-out seeds, 0..1.
struct TaskRecall {
    std::string task;
    std::int32_t tokens = 0;
    double exact_match = 0;
    double token_accuracy = 0;
};
std::vector<TaskRecall> measureRecall(const DecoderWeights& weights, const TaskResources& resources,
                                      const std::vector<std::string>& tasks, std::int32_t tokens,
                                      std::int32_t sequences, std::uint64_t seed);

}  // namespace fm
