// The engine's process: started, watched, read and written on a thread of its own.
#pragma once

#include <QByteArray>
#include <QObject>
#include <QProcess>
#include <QString>
#include <QTimer>
#include <atomic>
#include <memory>

#include "core/rpc/line_cutter.h"
#include "widgets/client/inbox.h"

namespace fm {

// Thread: its own (EngineClient moves it there); other threads call its slots by queued invocation, and take from the
// inbox.
class EngineProcess : public QObject {
    Q_OBJECT
public:
    explicit EngineProcess(Inbox& inbox) : inbox_(inbox) {}
    ~EngineProcess() override;

public Q_SLOTS:
    // A program's path (run with the argument `serve`), or a command line such as `ssh host flashmorph serve`.
    // `generation` comes back with the signals, so that what an earlier process says is not taken for this one's.
    void start(const QString& command, int generation);
    void send(const QByteArray& line);
    // The engine has been asked to shut down: closes its input, and kills it when it is still there after `wait_ms`.
    void finish(int wait_ms);
    void kill();

Q_SIGNALS:
    void started(int generation);
    // At most one until the receiver has called heard().
    void answered();
    void logged(const QString& line);  // the engine's standard error
    // The process is gone; `sentence` is empty when it ended as asked.
    void ended(int generation, const QString& sentence);

public:
    void heard() { told_ = false; }
    bool isRunning() const { return process_ && process_->state() != QProcess::NotRunning; }

private:
    void readOutput();
    void readLog();
    void takeLine(std::string_view line, bool too_long);
    void onError(QProcess::ProcessError error);
    void onFinished(int code, QProcess::ExitStatus status);
    void stopProcess();

    Inbox& inbox_;
    std::unique_ptr<QProcess> process_;
    std::unique_ptr<QTimer> killer_;
    rpc::LineCutter cutter_;
    rpc::NoticeDecoder notices_;
    QString command_, last_log_;
    QByteArray log_;
    bool finishing_ = false;
    int generation_ = 0;
    int bad_lines_ = 0;
    std::atomic<bool> told_{false};
};

}  // namespace fm
