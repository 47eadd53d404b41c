#include "app/gui/opening.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <QMenu>
#include <QMimeData>
#include <QUrl>

#include <nlohmann/json.hpp>

#include "app/gui/built_in_study.h"
#include "app/gui/main_window.h"
#include "app/gui/new_study_dialog.h"
#include "app/gui/workbench.h"

namespace fm {

Opening::Opening(MainWindow& window, Workbench& workbench) : QObject(&window), window_(window), workbench_(workbench) {}

void Opening::chooseStudy() {
    const QString folder = QFileDialog::getExistingDirectory(&window_, tr("Open a study"));
    if (!folder.isEmpty()) open(folder);
}

void Opening::openThere() {
    const QString folder = QInputDialog::getText(&window_, tr("Open a study on the engine's machine"),
                                                 tr("Folder of the study as the engine sees it (%1).\n"
                                                    "Its runs are copied to this side and followed while they grow.")
                                                     .arg(workbench_.engine().where()))
                               .trimmed();
    if (!folder.isEmpty()) workbench_.openStudy(folder);
}

void Opening::newStudy() {
    auto* dialog = new NewStudyDialog(&window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &NewStudyDialog::createWanted, this, [this, dialog] {
        const auto created = [this, dialog](const EngineReply& reply) {
            if (!reply.ok()) return dialog->setProblem(reply.sentence());
            open(dialog->folder());
            dialog->accept();
        };
        // The dialog may be closed before the engine answers.
        workbench_.engine().client().request("study/create", dialog->params(), dialog, created);
    });
    dialog->open();
}

void Opening::openBuiltIn() { openBuiltIn(builtInStudyFolder()); }

void Opening::openBuiltIn(const QString& folder) {
    QString why;
    if (!makeBuiltInStudy(folder, workbench_.resources(), why)) return createBuiltIn(folder, why);
    workbench_.openStudy(folder);
}

// Without its recorded runs: the engine makes it, and its first gates are those that the user runs.
void Opening::createBuiltIn(const QString& folder, const QString& why_not_copied) {
    EngineClient& client = workbench_.engine().client();
    if (!client.isReady()) {
        const auto again = [this, folder, why_not_copied] { createBuiltIn(folder, why_not_copied); };
        connect(&client, &EngineClient::ready, this, again, Qt::SingleShotConnection);
        return;
    }
    const auto created = [this, folder, why_not_copied](const EngineReply& reply) {
        if (!reply.ok()) return Q_EMIT workbench_.problem(why_not_copied + "; " + reply.sentence(), "study");
        workbench_.openStudy(folder);
    };
    client.request("study/create", builtInStudyParams(folder, workbench_.resources()), this, created);
}

void Opening::chooseEngine() {
    bool ok = false;
    const QString command =
        QInputDialog::getText(&window_, tr("Engine"),
                              tr("How the engine is started. Empty: the flashmorph beside this program.\n"
                                 "On another machine: ssh HOST flashmorph serve"),
                              QLineEdit::Normal, workbench_.settings().engineCommand(), &ok);
    if (!ok) return;
    workbench_.settings().setEngineCommand(command.trimmed());
    workbench_.engine().start(command.trimmed());
}

void Opening::fillRecent(QMenu& menu) {
    menu.clear();
    for (const QString& folder : workbench_.settings().recentStudies()) {
        const std::optional<StudyPlace> copy_of = StudyMirror::placeOf(folder);
        const QString text = copy_of ? tr("%1 on %2").arg(copy_of->study, copy_of->engine) : folder;
        menu.addAction(text, this, [this, folder] { open(folder); });
    }
    if (menu.isEmpty()) menu.addAction(tr("none yet"))->setEnabled(false);
}

bool Opening::canOpen(const QMimeData& data) {
    if (data.urls().size() != 1 || !data.urls()[0].isLocalFile()) return false;
    const QString path = data.urls()[0].toLocalFile();
    return path.endsWith(".h5") || QFileInfo::exists(path + "/study.json");
}

bool Opening::open(const QString& path) {
    if (!path.endsWith(".h5")) return workbench_.openStudy(path);
    const QFileInfo file(path);
    const QString study = QFileInfo(file.path()).path();
    const bool in_study = file.dir().dirName() == "runs" && QFileInfo::exists(study + "/study.json");
    if (in_study && workbench_.openStudy(study)) {
        workbench_.selection().setRun(file.completeBaseName());
        return true;
    }
    return workbench_.source().openFile(path);
}

}  // namespace fm
