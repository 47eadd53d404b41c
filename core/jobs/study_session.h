// A study opened for work: its teacher, tokenizer, text and branch sets, loaded when first asked for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/data/batch_source.h"
#include "core/engine/batch_fn.h"
#include "core/engine/distill.h"
#include "core/engine/plan_evaluator.h"
#include "core/engine/probe_set.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/plan/plan_choice.h"
#include "core/plan/probe_tables.h"
#include "core/store/study.h"

namespace fm {

// What a model folder may say about itself in flashmorph.json: the tasks and lengths it was trained on.
struct ModelHints {
    std::vector<std::string> tasks;
    std::vector<int> lengths;
    std::vector<std::string> unseen;  // tasks the teacher can do that are kept for judging
};

// Thread: one at a time.
class StudySession {
public:
    // Opens the study of the options; makes one around `options.teacher` where there is none yet. Loads the
    // teacher. Throws InputError, FormatError, WorldError.
    explicit StudySession(const WorkplaceOptions& options);
    ~StudySession();

    // Looks at study.json again: other processes may have added to it, named another text or form of prompts.
    void refresh();

    Study& study() { return study_; }
    const ModelConfig& config() const { return weights_.config; }
    const DecoderWeights& weights() const { return weights_; }
    const std::string& teacherHash() const { return study_.info().teacher_hash; }
    at::Device device() const { return device_; }
    std::shared_ptr<const Tokenizer> tokenizer() const { return resources_.tokenizer; }
    // With the chat family of the teacher where the study asks for the chat form.
    const TaskResources& resources() const { return resources_; }
    // Folder with the teacher's tokenizer files; "" for a GGUF file.
    std::string tokenizerFolder() const;

    // `tasks` and `lengths` as given, else what the teacher was trained on, else passkeys and single needles at the
    // lengths it can read.
    std::vector<std::string> tasksOr(const std::vector<std::string>& tasks) const;
    std::vector<int> lengthsOr(const std::vector<int>& lengths) const;
    template <class Spec>
    void fillTasks(Spec& spec) const {
        spec.tasks = tasksOr(spec.tasks);
        spec.lengths = lengthsOr(spec.lengths);
    }
    // Tasks of other families that this teacher can be judged on.
    const std::vector<std::string>& unseenCandidates() const { return hints_.unseen; }

    // The branch set of this id, or the newest of the study for "". In the teacher's compute dtype. Shares its tensors
    // with what is kept for the next job: whoever trains them trains a copy.
    BranchSet branches(const std::string& id);

    // A recovered hybrid of the study. Throws InputError when there is none of that id.
    RecoveredHybrid hybrid(const std::string& id) const;

    // Batches of `mix`, made ahead by background threads in order; asking out of order works, slowly.
    BatchFn batches(const BatchMix& mix, std::uint64_t seed) const;
    // Held-out data by a fixed design (core/data/probe_design.h), with the teacher's outputs as they are needed; the
    // last ones are kept for the next probe. `sequences` of each task and length, 0: as many as it takes.
    std::shared_ptr<ProbeSet> probeSet(const std::vector<std::string>& tasks, const std::vector<int>& lengths,
                                       std::int64_t sequences, ProbePurpose purpose, std::int64_t seed);
    // Plans of the teacher's weights with this branch set ("" where no layer is linear), on this probe. What was
    // measured before, also in part, is kept.
    std::shared_ptr<PlanEvaluator> evaluator(const std::shared_ptr<ProbeSet>& probe, const std::string& branches);

    // The plan a job was told to work on, and the run it came from ("" for layers by hand).
    struct ChosenPlan {
        Plan plan;
        std::string run_id;
    };
    ChosenPlan plan(const PlanChoice& choice) const;

private:
    void loadText();
    void chooseForm();

    Study study_;
    at::Device device_;
    TaskResources resources_;
    std::string text_path_;  // of the corpus in `resources_`
    ModelHints hints_;
    DecoderWeights weights_;
    std::map<std::string, BranchSet> branch_sets_;  // by id
    // Newest last, the oldest go.
    std::vector<std::pair<std::string, std::shared_ptr<ProbeSet>>> probe_sets_;  // by settings
    struct KeptEvaluator;
    std::vector<std::pair<std::string, std::shared_ptr<KeptEvaluator>>> evaluators_;  // by probe and branch set
};

// Throws InputError, naming the field "chat", when the tokenizer of this teacher has no chat template that is known.
std::string requireChatFamily(const std::string& teacher, const Tokenizer& tokenizer);

// What a teacher's folder says in flashmorph.json, else passkeys and single needles at lengths it can read.
ModelHints hintsOrUsual(const std::string& teacher, const ModelConfig& config);

}  // namespace fm
