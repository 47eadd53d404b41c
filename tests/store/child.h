// Runs store_writer and looks at its counter. The one place that knows its arguments.
#pragma once

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include <cstring>

#include "tests/store/sample_run.h"

class Child {
public:
    explicit Child(const QStringList& mode) {
        process_.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process_.start(FM_STORE_WRITER, QStringList{folder_.path(), counterPath()} + mode);
    }
    ~Child() { kill(); }

    QString runPath() const { return folder_.filePath(QString::fromStdString(sample::run_id) + ".h5"); }
    std::int64_t posted() const {
        QFile file(counterPath());
        std::int64_t count = 0;
        if (file.open(QIODevice::ReadOnly))
            if (const QByteArray bytes = file.read(8); bytes.size() == 8) std::memcpy(&count, bytes.data(), 8);
        return count;
    }
    bool runs() const { return process_.state() != QProcess::NotRunning; }
    void kill() {
        if (!runs()) return;
        process_.kill();
        process_.waitForFinished(10'000);
    }
    QProcess& process() { return process_; }

private:
    QString counterPath() const { return folder_.filePath("counter"); }

    QTemporaryDir folder_;
    QProcess process_;
};
