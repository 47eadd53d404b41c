#include "core/jobs/study_session.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/data/prefetch.h"
#include "core/export/hybrid_folder.h"
#include "core/jobs/workplace.h"
#include "core/model/branch_cast.h"
#include "core/model/device.h"
#include "core/plan/plan_spelling.h"
#include "core/results/gate_run_plan.h"

namespace fm {

namespace fs = std::filesystem;

namespace {

ModelHints readHints(const std::string& teacher) {
    ModelHints hints;
    const fs::path path = fs::path(teacher) / "flashmorph.json";
    std::ifstream file(path);
    if (!file) return hints;
    try {
        const nlohmann::json json = nlohmann::json::parse(file);
        hints.tasks = json.at("tasks").get<std::vector<std::string>>();
        hints.lengths = json.at("lengths").get<std::vector<int>>();
        hints.unseen = json.value("unseen", std::vector<std::string>{});
    } catch (const nlohmann::json::exception&) {
        throw FormatError(path.string() +
                          ": is no JSON object with lists \"tasks\" and \"lengths\"; mend it or remove it");
    }
    return hints;
}

// Settings of the study that the command line may change.
void applySettings(const WorkplaceOptions& options, const std::string& teacher, StudyInfo& info) {
    if (!options.text.empty()) info.text_path = fs::absolute(options.text).string();
    if (options.chat.empty()) return;
    info.chat = options.chat == "chat";
    if (info.chat) requireChatFamily(teacher, *Tokenizer::open(teacher));  // nothing is stored that could not work
}

Study openOrCreate(const WorkplaceOptions& options) {
    if (fs::exists(fs::path(options.study) / "study.json")) {
        Study study = Study::open(options.study);
        if (!options.teacher.empty() && fs::absolute(options.teacher) != fs::absolute(study.teacherPath())) {
            throw InputError(
                Problem{"teacher", options.teacher,
                        "nothing: the study " + options.study + " has the teacher " + study.teacherPath()});
        }
        if (!options.text.empty() || !options.chat.empty())
            study.update([&](StudyInfo& info) { applySettings(options, study.teacherPath(), info); });
        return study;
    }
    if (options.teacher.empty()) {
        throw InputError(Problem{"study", options.study, "a study, or --teacher MODEL to make one there"});
    }
    StudyInfo info;
    info.name = fs::path(options.study).filename().string();
    info.teacher_path = fs::absolute(options.teacher).string();
    info.teacher_hash = Checkpoint::open(options.teacher)->contentHash();
    applySettings(options, options.teacher, info);
    return Study::create(options.study, info);
}

}  // namespace

std::string requireChatFamily(const std::string& teacher, const Tokenizer& tokenizer) {
    if (!tokenizer.chatFamily().empty()) return tokenizer.chatFamily();
    throw InputError(Problem{"chat", "chat",
                             "base: the tokenizer of " + teacher + " has no chat template of a family that is known"});
}

ModelHints hintsOrUsual(const std::string& teacher, const ModelConfig& config) {
    ModelHints hints = readHints(teacher);
    if (hints.tasks.empty()) hints.tasks = {"passkey", "niah_single_1", "niah_single_2"};
    if (hints.unseen.empty()) hints.unseen = {"niah_multikey_1", "niah_multivalue", "simple_passkey"};
    if (!hints.lengths.empty()) return hints;
    for (const int length : {1024, 2048, 4096}) {
        if (config.max_position <= 0 || length <= config.max_position) hints.lengths.push_back(length);
    }
    if (hints.lengths.empty()) hints.lengths = {static_cast<int>(config.max_position)};
    return hints;
}

StudySession::StudySession(const WorkplaceOptions& options)
    : study_(openOrCreate(options)), device_(prepareCompute(options)) {
    const std::string teacher = study_.teacherPath();
    const std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(teacher);
    hints_ = hintsOrUsual(teacher, checkpoint->config());
    if (checkpoint->contentHash() != teacherHash()) {
        throw WorldError(teacher +
                         ": is not the teacher this study was made with; put the old file back or start a new study");
    }
    weights_ = loadWeights(*checkpoint, device_, defaultDtype(device_));
    resources_.tokenizer = Tokenizer::open(teacher);
    if (resources_.tokenizer->vocabSize() > config().vocab_size) {
        throw FormatError(teacher + ": its tokenizer has " + std::to_string(resources_.tokenizer->vocabSize()) +
                          " ids and its embedding " + std::to_string(config().vocab_size) +
                          " rows; put the tokenizer there that the model was trained with");
    }
    chooseForm();
    loadText();
}

void StudySession::chooseForm() {
    probe_sets_.clear();
    evaluators_.clear();
    resources_.chat_family =
        study_.info().chat ? requireChatFamily(study_.teacherPath(), *resources_.tokenizer) : std::string();
}

void StudySession::loadText() {
    text_path_ = study_.info().text_path;
    probe_sets_.clear();
    evaluators_.clear();
    const TokenCache cache(TokenCache::usualFolder());
    resources_.corpus = text_path_.empty() ? nullptr : TextCorpus::load(text_path_, *resources_.tokenizer, cache);
}

void StudySession::refresh() {
    study_.reload();
    if (study_.info().text_path != text_path_) loadText();
    if (study_.info().chat == resources_.chat_family.empty()) chooseForm();
}

std::string StudySession::tokenizerFolder() const {
    return fs::is_directory(study_.teacherPath()) ? study_.teacherPath() : std::string();
}

std::vector<std::string> StudySession::tasksOr(const std::vector<std::string>& tasks) const {
    return tasks.empty() ? hints_.tasks : tasks;
}

std::vector<int> StudySession::lengthsOr(const std::vector<int>& lengths) const {
    return lengths.empty() ? hints_.lengths : lengths;
}

BranchSet StudySession::branches(const std::string& id) {
    std::string chosen = id, newest_run;
    for (const auto& [artifact_id, artifact] : study_.info().artifacts) {
        if (artifact.kind != ArtifactKind::BranchSet || !id.empty()) continue;
        if (chosen.empty() || artifact.made_by > newest_run) {
            chosen = artifact_id;
            newest_run = artifact.made_by;
        }
    }
    const auto found = study_.info().artifacts.find(chosen);
    if (found == study_.info().artifacts.end() || found->second.kind != ArtifactKind::BranchSet) {
        throw InputError(Problem{"branches", id, "the id of a branch set of the study; `flashmorph align` trains one"});
    }
    if (const auto kept = branch_sets_.find(chosen); kept != branch_sets_.end()) return kept->second;
    const BranchSet set =
        loadBranches((fs::path(study_.folder()) / found->second.path).string(), config(), device_, at::kFloat);
    if (set.teacher_hash != teacherHash()) {
        throw WorldError(found->second.path + ": was trained for another teacher; align the branches of this one");
    }
    BranchSet cast = castBranches(set, device_, weights_.layers[0].attn.q.weight_OI.scalar_type());
    cast.id = chosen;
    branch_sets_[chosen] = cast;
    return cast;
}

RecoveredHybrid StudySession::hybrid(const std::string& id) const {
    const auto found = study_.info().artifacts.find(id);
    if (found == study_.info().artifacts.end() || found->second.kind != ArtifactKind::Hybrid) {
        throw InputError(Problem{"hybrid", id, "the id of a hybrid of the study; `flashmorph distill` makes one"});
    }
    return readHybrid((fs::path(study_.folder()) / found->second.path).string(), weights_, teacherHash());
}

BatchFn StudySession::batches(const BatchMix& mix, std::uint64_t seed) const {
    struct Ahead {
        BatchSource source;
        std::unique_ptr<BatchPrefetcher> prefetcher;
        std::int64_t next = -1;
    };
    const auto ahead = std::make_shared<Ahead>(Ahead{BatchSource(mix, resources_, seed), nullptr, -1});
    const int threads = device_.is_cuda() ? 4 : 1;
    return [ahead, threads](std::int64_t index) {
        if (index != ahead->next) {
            ahead->prefetcher = std::make_unique<BatchPrefetcher>(ahead->source, index, threads, 2 * threads);
        }
        ahead->next = index + 1;
        return ahead->prefetcher->next();
    };
}

// The entry of `key`, made when there is none; the oldest of more than `most` goes.
template <class Value, class Make>
static std::shared_ptr<Value> keptOrMade(std::vector<std::pair<std::string, std::shared_ptr<Value>>>& kept,
                                         const std::string& key, std::size_t most, const Make& make) {
    const auto found = std::find_if(kept.begin(), kept.end(), [&key](const auto& entry) { return entry.first == key; });
    if (found != kept.end()) return found->second;
    std::shared_ptr<Value> made = make();
    if (kept.size() == most) kept.erase(kept.begin());
    kept.emplace_back(key, made);
    return made;
}

std::shared_ptr<ProbeSet> StudySession::probeSet(const std::vector<std::string>& tasks, const std::vector<int>& lengths,
                                                 std::int64_t sequences, ProbePurpose purpose, std::int64_t seed) {
    const std::string settings = nlohmann::json{tasks, lengths, sequences, toString(purpose), seed}.dump();
    return keptOrMade(probe_sets_, settings, 6, [&] {
        const ProbeDesign design{tasks, lengths, sequences, toString(purpose), static_cast<std::uint64_t>(seed)};
        return std::make_shared<ProbeSet>(weights_, std::make_shared<const ProbeSource>(design, resources_));
    });
}

// An evaluator with what it refers to.
struct StudySession::KeptEvaluator {
    std::shared_ptr<ProbeSet> probe;
    BranchSet branches;
    PlanEvaluator evaluator;
    KeptEvaluator(const DecoderWeights& weights, std::shared_ptr<ProbeSet> set, BranchSet linear)
        : probe(std::move(set)), branches(std::move(linear)), evaluator(weights, &branches, *probe) {}
};

StudySession::~StudySession() = default;

std::shared_ptr<PlanEvaluator> StudySession::evaluator(const std::shared_ptr<ProbeSet>& probe,
                                                       const std::string& branches) {
    const std::shared_ptr<KeptEvaluator> kept = keptOrMade(evaluators_, probe->id() + " " + branches, 6, [&] {
        return std::make_shared<KeptEvaluator>(weights_, probe,
                                               branches.empty() ? BranchSet{} : this->branches(branches));
    });
    return {kept, &kept->evaluator};
}

StudySession::ChosenPlan StudySession::plan(const PlanChoice& choice) const {
    const int num_layers = static_cast<int>(config().num_layers);
    std::vector<Problem> problems;
    const std::vector<Pin> pins = parsePins(choice.pins, problems);
    if (!problems.empty()) throw InputError(problems);
    if (!choice.layers.empty()) return {planFromLayers(choice.layers, num_layers), ""};
    const std::string run = choice.run.empty() ? newestRun(study_, "gates", "run") : choice.run;
    const Plan plan = planOfRun(study_.runPath(run), choice, pins);
    if (static_cast<int>(plan.kinds.size()) != num_layers)
        throw InputError(Problem{"run", run + ", whose teacher has " + std::to_string(plan.kinds.size()) + " layers",
                                 "a gate run of this teacher, which has " + std::to_string(num_layers)});
    return {plan, run};
}

}  // namespace fm
