#include "app/gui/built_in_study.h"

#include <QDir>
#include <QFileInfo>
#include <QObject>
#include <QStandardPaths>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/run/run_id.h"
#include "core/store/run_reader.h"
#include "core/store/study.h"

namespace fm {
namespace {

// Study, teacher and branch set that the recorded runs were made with; the runs say it themselves.
struct Recorded {
    QStringList runs;  // paths
    std::string teacher_hash, branches;
};

Recorded recordedRuns(const QString& resources) {
    Recorded recorded;
    const QDir folder(resources + "/study/runs");
    for (const QString& name : folder.entryList({"*.h5"}, QDir::Files, QDir::Name)) {
        const QString path = folder.filePath(name);
        const RunOpened header = RunReader(path.toStdString()).header();
        recorded.runs << path;
        recorded.teacher_hash = header.teacher_hash;
        for (const std::string& parent : header.parents) {
            if (recorded.branches.empty() && !isRunId(parent) && parent != header.teacher_hash) {
                recorded.branches = parent;
            }
        }
    }
    return recorded;
}

QString teacherFolder(const QString& resources) { return QDir(resources).absoluteFilePath("models/fm-tiny"); }
QString textFile(const QString& resources) { return QDir(resources).absoluteFilePath("text/kjv.txt"); }

void copy(const QString& from, const QString& to) {
    if (!QFile::copy(from, to)) {
        throw WorldError(QObject::tr("%1: cannot be copied to %2; is the disk full?").arg(from, to).toStdString());
    }
    QFile::setPermissions(to, QFile::permissions(to) | QFile::WriteOwner);
}

}  // namespace

QString builtInStudyFolder() {
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + "/flashmorph/built-in-study";
}

bool makeBuiltInStudy(const QString& folder, const QString& resources, QString& why) {
    if (QFileInfo::exists(folder + "/study.json")) return true;
    const QString model = teacherFolder(resources);
    try {
        const Recorded recorded = recordedRuns(resources);
        if (recorded.runs.isEmpty() || recorded.branches.empty()) {
            throw WorldError((resources + "/study: has no recorded runs; reinstall the program").toStdString());
        }
        StudyInfo info;
        info.name = "built-in";
        info.notes = "The small teacher that ships with the program; its runs were recorded by `flashmorph demo`.";
        info.teacher_path = model.toStdString();
        info.teacher_hash = recorded.teacher_hash;
        info.text_path = textFile(resources).toStdString();
        const std::string branch_file = "branches/" + recorded.branches + ".safetensors";
        info.artifacts[recorded.branches] = {ArtifactKind::BranchSet, branch_file, "", {info.teacher_hash}};
        QDir().mkpath(QFileInfo(folder).path());
        const Study study = Study::create(folder.toStdString(), info);
        copy(model + "/branches.safetensors", folder + "/" + QString::fromStdString(branch_file));
        for (const QString& run : recorded.runs) {
            copy(run, QString::fromStdString(study.runsFolder()) + "/" + QFileInfo(run).fileName());
        }
    } catch (const WorldError& error) {
        why = QString::fromStdString(error.what());
        QFile::remove(folder + "/study.json");  // half a study is none
        return false;
    }
    return true;
}

nlohmann::json builtInStudyParams(const QString& folder, const QString& resources) {
    const QString teacher = teacherFolder(resources), text = textFile(resources);
    nlohmann::json params = {{"path", folder.toStdString()},
                             {"name", "built-in"},
                             {"teacher", teacher.toStdString()},
                             {"branches", (teacher + "/branches.safetensors").toStdString()}};
    if (QFileInfo::exists(text)) params["text"] = text.toStdString();
    return params;
}

}  // namespace fm
