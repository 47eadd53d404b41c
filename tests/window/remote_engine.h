// An engine elsewhere: another working directory and another environment than the window's, with a study that only it
// can find.
#pragma once

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>

#include "app/gui/built_in_study.h"

namespace fixture {

class RemoteEngine {
public:
    QString home() const { return folder_.filePath("there"); }  // the other machine's, in which the study is "study"
    QString here(const char* name) const { return folder_.filePath(name); }
    // Behind the words of `shell`, such as "ssh HOST".
    QString command(const QString& shell = {}) const {
        return shell + QString(" '%1' '%2'").arg(here("engine.sh"), home());
    }

    // The built-in study there, and the script that starts `program`. "" or what went wrong.
    QString make(const QString& program) {
        QString why;
        if (!fm::makeBuiltInStudy(home() + "/study", FM_SOURCE_DIR "/resources", why)) return why;
        QFile script(here("engine.sh"));
        if (!script.open(QIODevice::WriteOnly)) return script.errorString();
        script.write("#!/bin/sh\ncd \"$1\" || exit 1\necho $$ > pid\nexec env -i HOME=\"$1\" PATH=/usr/bin:/bin ");
        script.write("OMP_WAIT_POLICY=passive '" + program.toUtf8() + "' serve\n");
        script.close();
        script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return {};
    }

    bool kill() const {
        QFile pid(home() + "/pid");
        return pid.open(QIODevice::ReadOnly) && ::kill(pid.readAll().trimmed().toInt(), SIGKILL) == 0;
    }

private:
    QTemporaryDir folder_;
};

}  // namespace fixture
