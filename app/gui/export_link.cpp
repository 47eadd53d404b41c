#include "app/gui/export_link.h"

#include <QDesktopServices>
#include <QUrl>

#include <nlohmann/json.hpp>

#include "app/gui/workbench.h"
#include "core/plan/plan_spelling.h"
#include "widgets/panels/export_dialog.h"

namespace fm {

using Json = nlohmann::json;

namespace {

constexpr std::chrono::minutes kLongestCheck{10};

Json subjectOf(const ExportDialog& dialog) {
    if (!dialog.subject().hybrid.isEmpty()) return {{"hybrid", dialog.subject().hybrid.toStdString()}};
    return {{"plan", dialog.subject().plan}};
}

}  // namespace

ExportLink::ExportLink(Workbench& workbench, ExportDialog& dialog, QObject* parent)
    : QObject(parent), workbench_(workbench), dialog_(dialog) {
    connect(&dialog_, &ExportDialog::targetsWanted, this, &ExportLink::askTargets);
    connect(&dialog_, &ExportDialog::exportRequested, this, &ExportLink::exportTo);
    connect(&dialog_, &ExportDialog::verifyRequested, this, &ExportLink::verify);
    connect(&dialog_, &ExportDialog::openFolder, this, [this](const QString& folder) {
        if (!workbench_.engine().mirror()) {
            QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
        } else {
            dialog_.setProblem(tr("The export is on the engine's machine: %1").arg(folder));
        }
    });
    connect(&workbench_.engine().client(), &EngineClient::jobChanged, this, [this](const Json& job) {
        if (run_.isEmpty() || job.value("run", "") != run_.toStdString()) return;
        const std::string state = job.value("state", "");
        if (state == "finished") dialog_.setExported(job.value("result", Json::object()));
        if (state == "failed" || state == "cancelled")
            dialog_.setProblem(QString::fromStdString(job.value("text", state)));
    });
    connect(
        &workbench_.engine().client(), &EngineClient::eventsReceived, this,
        [this](const QString& run, const std::vector<rpc::RunNotice>& notices) {
            if (run != run_ || notices.empty()) return;
            const auto* progress = std::get_if<Progressed>(&notices.back().event.body);
            if (!progress) return;
            dialog_.setProgress(
                tr("%1 of %2 %3").arg(progress->done).arg(progress->total).arg(QString::fromStdString(progress->unit)));
        });
}

void ExportLink::showPresent() {
    QString newest;
    for (const auto& [id, artifact] : workbench_.study().info().artifacts) {
        if (artifact.kind == ArtifactKind::Hybrid) newest = QString::fromStdString(id);
    }
    show(newest.isEmpty() ? "plan-" + QString::fromStdString(workbench_.plan().key()) : newest);
}

void ExportLink::show(const QString& id) {
    ExportSubjectText subject;
    subject.study = workbench_.engine().studyThere();
    if (id.startsWith("plan-")) {
        subject.plan = id.mid(5).toStdString();
        subject.title = tr("plan K = %1 without recovery").arg(budgetOfKey(id.mid(5).toStdString()));
    } else {
        subject.hybrid = id;
        const auto label = workbench_.study().info().labels.find(id.toStdString());
        const bool named = label != workbench_.study().info().labels.end() && !label->second.name.empty();
        subject.title = tr("hybrid %1").arg(named ? QString::fromStdString(label->second.name) : id);
    }
    dialog_.setSubject(subject);
    dialog_.show();
    dialog_.raise();
}

void ExportLink::askTargets() {
    workbench_.engine().client().request(
        "export/targets", subjectOf(dialog_), this,
        [this](const EngineReply& reply) {
            reply.ok() ? dialog_.setTargets(reply.result) : dialog_.setProblem(reply.sentence());
        },
        kLongestCheck);
}

void ExportLink::exportTo(const QString& target, const QString& out, const QString& dtype) {
    Json params = subjectOf(dialog_);
    params["target"] = target.toStdString();
    if (!out.isEmpty()) params["out"] = out.toStdString();
    if (!dtype.isEmpty()) params["dtype"] = dtype.toStdString();
    run_.clear();
    workbench_.engine().client().request("export/run", params, this, [this](const EngineReply& reply) {
        if (!reply.ok()) return dialog_.setProblem(reply.sentence());
        run_ = QString::fromStdString(reply.result.value("run", ""));
    });
}

void ExportLink::verify(const QString& folder) {
    workbench_.engine().client().request(
        "export/verify", {{"folder", folder.toStdString()}}, this,
        [this](const EngineReply& reply) {
            reply.ok() ? dialog_.setVerified(reply.result) : dialog_.setProblem(reply.sentence());
        },
        kLongestCheck);
}

}  // namespace fm
