// study/open, study/create, study/list, model/inspect
#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/jobs/failure.h"
#include "core/jobs/study_session.h"
#include "core/model/model_shape_of.h"
#include "core/serve/inspect_report.h"
#include "core/serve/service.h"

namespace fm {

using rpc::ErrorCode;
using rpc::RpcError;
namespace fs = std::filesystem;

namespace {

nlohmann::json infoJson(const Study& study) {
    const StudyInfo& info = study.info();
    nlohmann::json labels = nlohmann::json::object(), artifacts = nlohmann::json::object();
    for (const auto& [id, label] : info.labels)
        labels[id] = {{"name", label.name}, {"notes", label.notes}, {"tags", label.tags}};
    for (const auto& [id, artifact] : info.artifacts)
        artifacts[id] = {{"kind", toString(artifact.kind)},
                         {"path", artifact.path},
                         {"made_by", artifact.made_by},
                         {"parents", artifact.parents}};
    return {{"path", study.folder()},      {"place", folderPlace(study.folder())}, {"name", info.name},
            {"notes", info.notes},         {"teacher_path", study.teacherPath()},  {"teacher_hash", info.teacher_hash},
            {"text_path", info.text_path}, {"chat", info.chat ? "chat" : "base"},  {"labels", labels},
            {"artifacts", artifacts}};
}

nlohmann::json shapeJson(const ModelShape& shape) {
    return {{"num_layers", shape.num_layers},
            {"hidden_size", shape.hidden_size},
            {"intermediate_size", shape.intermediate_size},
            {"num_heads", shape.num_heads},
            {"num_kv_heads", shape.num_kv_heads},
            {"head_dim", shape.head_dim},
            {"vocab_size", shape.vocab_size},
            {"max_position", shape.max_position},
            {"tie_embeddings", shape.tie_embeddings}};
}

void createStudy(const nlohmann::json& params) {
    const std::string folder = params["path"].get<std::string>();
    const std::string teacher = params["teacher"].get<std::string>();
    const std::string text = params.value("text", "");
    const std::string branches = params.value("branches", ""), chat = params.value("chat", "base");
    std::vector<Problem> problems;
    if (!text.empty() && !fs::exists(text)) problems.push_back({"text", text, "a folder or file of text"});
    if (!branches.empty() && !fs::is_regular_file(branches))
        problems.push_back({"branches", branches, "a branch-set file"});
    if (chat != "base" && chat != "chat") problems.push_back({"chat", chat, "base or chat"});
    if (!problems.empty()) throw InputError(problems);
    const std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(teacher);
    StudyInfo info;
    info.name = params.value("name", fs::path(folder).filename().string());
    info.teacher_path = fs::absolute(teacher).string();
    info.teacher_hash = checkpoint->contentHash();
    if (!text.empty()) info.text_path = fs::absolute(text).string();
    info.chat = chat == "chat";
    if (info.chat) requireChatFamily(teacher, *Tokenizer::open(teacher));
    std::string id;
    if (!branches.empty()) {
        const BranchSet set = loadBranches(branches, checkpoint->config(), at::kCPU, at::kFloat);
        if (set.teacher_hash != info.teacher_hash)
            throw InputError(Problem{"branches", branches, "a branch set that was trained for this teacher"});
        id = set.id;
        info.artifacts[id] = {ArtifactKind::BranchSet, "branches/" + id + ".safetensors", "", {info.teacher_hash}};
    }
    const Study study = Study::create(fs::absolute(folder).string(), info);
    if (id.empty()) return;
    std::error_code error;
    fs::copy_file(branches, fs::path(study.folder()) / info.artifacts[id].path, error);
    if (error) throw WorldError(branches + ": cannot be copied into the study (" + error.message() + ")");
}

// Studies at most `levels` folders below; a study inside a study is not looked for.
void listStudies(const fs::path& folder, int levels, nlohmann::json& studies) {
    constexpr std::size_t most_listed = 500;
    std::error_code error;
    if (studies.size() >= most_listed) return;
    if (fs::exists(folder / "study.json", error)) {
        try {
            const Study study = Study::open(folder.string());
            studies.push_back({{"path", fs::absolute(folder).string()},
                               {"name", study.info().name},
                               {"teacher_path", study.teacherPath()},
                               {"runs", study.runPaths().size()},
                               {"problem", ""}});
        } catch (const WorldError& problem) {
            studies.push_back({{"path", fs::absolute(folder).string()},
                               {"name", ""},
                               {"teacher_path", ""},
                               {"runs", 0},
                               {"problem", problem.what()}});
        }
        return;
    }
    if (levels == 0) return;
    std::vector<fs::path> below;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (entry->is_directory(error) && !entry->is_symlink(error)) below.push_back(entry->path());
    std::sort(below.begin(), below.end());
    for (const fs::path& path : below) listStudies(path, levels - 1, studies);
}

}  // namespace

nlohmann::json Service::openStudy(const std::string& path) {
    if (path.empty()) throw InputError(Problem{"path", "", "the folder of a study"});
    const Study study = Study::open(fs::absolute(path).lexically_normal().string());
    const std::unique_ptr<Checkpoint> teacher = Checkpoint::open(study.teacherPath());
    const ServedStudy served{study.folder(), shapeOf(teacher->config())};
    {
        const std::lock_guard lock(mutex_);
        const bool other = !study_ || study_->folder != served.folder;
        if (other && !desk_.idle())
            throw RpcError(ErrorCode::WrongState, "a job is running or queued in " + (study_ ? study_->folder : "") +
                                                      "; stop it before another study is opened");
        study_ = served;
    }
    const ModelHints hints = hintsOrUsual(study.teacherPath(), teacher->config());
    return {{"study", infoJson(study)},
            {"shape", shapeJson(served.shape)},
            {"tasks", hints.tasks},
            {"lengths", hints.lengths}};
}

void Service::addStudyHandlers(rpc::Server& server) {
    // The answer needs the teacher's config only; its weights are loaded while the client shows what there is.
    const auto load = [this] {
        desk_.ask(rpc::Responder(outbox_, std::nullopt, {}), [this]() -> nlohmann::json {
            try {
                session();
            } catch (...) {
                reportProblem(Severity::Error, describe(std::current_exception()).text);
            }
            return nullptr;
        });
    };
    server.answer("study/open", [this, load](const nlohmann::json& params) {
        nlohmann::json answer = openStudy(params["path"].get<std::string>());
        load();
        return answer;
    });
    server.answer("study/create", [this, load](const nlohmann::json& params) {
        if (!desk_.idle()) throw RpcError(ErrorCode::WrongState, "a job is running or queued; stop it first");
        createStudy(params);
        nlohmann::json answer = openStudy(params["path"].get<std::string>());
        load();
        return answer;
    });
    server.answer("study/label", [this](const nlohmann::json& params) {
        const Label label{params["name"].get<std::string>(), params["notes"].get<std::string>(),
                          params["tags"].get<std::vector<std::string>>()};
        Study::open(opened().folder).update([&](StudyInfo& info) {
            const std::string id = params["id"].get<std::string>();
            if (label == Label{}) {
                info.labels.erase(id);
            } else {
                info.labels[id] = label;
            }
        });
        return nlohmann::json::object();
    });
    server.on("study/list", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        side_.ask(respond, [folder = params["folder"].get<std::string>()] {
            constexpr int levels = 4;
            nlohmann::json studies = nlohmann::json::array();
            if (!fs::is_directory(folder)) throw InputError(Problem{"folder", folder, "a folder that exists"});
            listStudies(folder, levels, studies);
            return nlohmann::json{{"studies", studies}};
        });
    });
    server.on("model/inspect", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        side_.ask(respond, [path = params["path"].get<std::string>()] { return inspectReport(path); });
    });
}

}  // namespace fm
