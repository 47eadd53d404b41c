#include "widgets/client/study_mirror.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"

namespace fm {

using Json = nlohmann::json;

namespace {

constexpr int kSettleMs = 300;
constexpr int kLookMs = 30000;
constexpr const char* kPlaceFile = "/mirror.json";

std::string textIn(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> textsIn(const Json& json, const char* key) {
    std::vector<std::string> texts;
    for (const Json& text : json.value(key, Json::array()))
        if (text.is_string()) texts.push_back(text.get<std::string>());
    return texts;
}

std::optional<ArtifactKind> kindFrom(const std::string& word) {
    for (const ArtifactKind kind :
         {ArtifactKind::BranchSet, ArtifactKind::Plan, ArtifactKind::Hybrid, ArtifactKind::Export})
        if (word == toString(kind)) return kind;
    return std::nullopt;
}

StudyInfo infoFrom(const Json& study, const QString& folder_there) {
    StudyInfo info;
    info.name = textIn(study, "name");
    if (info.name.empty()) info.name = QFileInfo(folder_there).fileName().toStdString();
    info.notes = textIn(study, "notes");
    info.teacher_path = textIn(study, "teacher_path");
    info.teacher_hash = textIn(study, "teacher_hash");
    info.text_path = textIn(study, "text_path");
    info.chat = textIn(study, "chat") == "chat";
    const Json labels = study.value("labels", Json::object()), artifacts = study.value("artifacts", Json::object());
    for (const auto& [id, label] : labels.items())
        info.labels[id] = {textIn(label, "name"), textIn(label, "notes"), textsIn(label, "tags")};
    for (const auto& [id, artifact] : artifacts.items()) {
        const std::optional<ArtifactKind> kind = kindFrom(textIn(artifact, "kind"));
        if (kind)
            info.artifacts[id] = {*kind, textIn(artifact, "path"), textIn(artifact, "made_by"),
                                  textsIn(artifact, "parents")};
    }
    return info;
}

}  // namespace

QString StudyMirror::folderOf(const StudyPlace& place) {
    const QByteArray both = (place.engine + '\n' + place.study).toUtf8();
    const QString hash =
        QString::fromLatin1(QCryptographicHash::hash(both, QCryptographicHash::Sha256).toHex().left(12));
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + "/flashmorph/mirrors/" +
           QFileInfo(place.study).fileName() + "-" + hash;
}

std::optional<StudyPlace> StudyMirror::placeOf(const QString& folder) {
    QFile file(folder + kPlaceFile);
    if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
    const Json json = Json::parse(file.readAll().toStdString(), nullptr, false);
    if (!json.is_object()) return std::nullopt;
    return StudyPlace{QString::fromStdString(textIn(json, "engine")), QString::fromStdString(textIn(json, "study"))};
}

void StudyMirror::write(const StudyPlace& place, const Json& study) {
    const QString folder = folderOf(place);
    const StudyInfo told = infoFrom(study, place.study);
    if (QFileInfo::exists(folder + "/study.json")) {
        Study here = Study::open(folder.toStdString());
        if (here.info() != told) here.update([&told](StudyInfo& info) { info = told; });
    } else {
        QDir().mkpath(QFileInfo(folder).path());
        Study::create(folder.toStdString(), told);
    }
    const Json where = {{"engine", place.engine.toStdString()}, {"study", place.study.toStdString()}};
    writeFileAtomically((folder + kPlaceFile).toStdString(), where.dump(1));
}

StudyMirror::StudyMirror(EngineClient& client, const StudyPlace& place, QObject* parent)
    : QObject(parent), client_(client), place_(place), runs_(client, folderOf(place) + "/runs") {
    settle_.setSingleShot(true);
    settle_.setInterval(kSettleMs);
    clock_.setInterval(kLookMs);
    connect(&settle_, &QTimer::timeout, this, &StudyMirror::changed);
    connect(&clock_, &QTimer::timeout, this, &StudyMirror::look);
    connect(&runs_, &RunMirrors::mirrored, this, [this] {
        if (!settle_.isActive()) settle_.start();
    });
    connect(&runs_, &RunMirrors::problem, this, &StudyMirror::problem);
    clock_.start();
}

void StudyMirror::look() {
    if (!client_.isReady()) return;
    client_.request("run/list", Json::object(), this, [this](const EngineReply& reply) {
        if (!reply.ok()) return;  // asked again later; a dead engine is told elsewhere
        const Json runs = reply.result.value("runs", Json::array());
        // Newest first: these are looked at first.
        for (auto run = runs.rbegin(); run != runs.rend(); ++run) runs_.fetchRun(*run);
    });
}

void StudyMirror::setLabel(const QString& id, const Label& label, QObject* context,
                           std::function<void(const QString&)> done) {
    if (!client_.isReady()) {
        return done(
            tr("Names, tags, notes and the archive of this study are kept on the machine of its engine, which "
               "is not running; nothing was changed."));
    }
    const Json params = {{"id", id.toStdString()}, {"name", label.name}, {"notes", label.notes}, {"tags", label.tags}};
    client_.request("study/label", params, context,
                    [done](const EngineReply& reply) { done(reply.ok() ? QString() : reply.sentence()); });
}

}  // namespace fm
