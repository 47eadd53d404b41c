// The study of an engine on another machine, kept as a study folder here: what study.json says there, and its runs.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "core/store/study.h"
#include "widgets/client/run_mirrors.h"

namespace fm {

// Where a mirrored study really is.
struct StudyPlace {
    QString engine;  // the command that starts its engine
    QString study;   // its folder there, absolute
    bool operator==(const StudyPlace&) const = default;
};

// Thread: the window's.
class StudyMirror : public QObject {
    Q_OBJECT
public:
    static QString folderOf(const StudyPlace& place);                 // in the user's data folder
    static std::optional<StudyPlace> placeOf(const QString& folder);  // none: it is no mirror
    // Makes the folder, or brings its study.json up to date, from what study/open says. Throws WorldError.
    static void write(const StudyPlace& place, const nlohmann::json& study);

    StudyMirror(EngineClient& client, const StudyPlace& place, QObject* parent = nullptr);

    const StudyPlace& place() const { return place_; }
    QString folder() const { return folderOf(place_); }
    // Asks which runs there are and fetches what is missing here. The engine has this study open.
    void look();
    // Stores a label there, then here; `done` with a sentence when it could not be.
    void setLabel(const QString& id, const Label& label, QObject* context, std::function<void(const QString&)> done);

Q_SIGNALS:
    void changed();  // files of runs have been completed
    void problem(const QString& sentence);

private:
    EngineClient& client_;
    const StudyPlace place_;
    RunMirrors runs_;
    QTimer settle_;  // many runs may come at once
    QTimer clock_;   // other programs add runs there, too
};

}  // namespace fm
