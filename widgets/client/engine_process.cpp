#include "widgets/client/engine_process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <QFileInfo>
#include <QProcessEnvironment>

#include "core/base/error.h"
#include "core/rpc/methods.h"
#include "widgets/client/command_words.h"

namespace fm {

// The engine shares the processor with the window: its idle threads are to sleep, not to spin.
static QProcessEnvironment engineEnvironment() {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    if (!environment.contains("OMP_WAIT_POLICY")) environment.insert("OMP_WAIT_POLICY", "passive");
    return environment;
}

EngineProcess::~EngineProcess() { stopProcess(); }

void EngineProcess::stopProcess() {
    killer_.reset();
    if (!process_) return;
    process_->disconnect(this);
    if (process_->state() != QProcess::NotRunning) {
        process_->kill();
        process_->waitForFinished(2000);
    }
    process_.reset();
}

// A job takes every core for hours: whoever clicks goes first. Async-signal-safe, as a child before exec() must be.
static void giveWay() {
    constexpr int niceness = 5;
    const auto self = static_cast<id_t>(gettid());
    if (getpriority(PRIO_PROCESS, self) < niceness) setpriority(PRIO_PROCESS, self, niceness);
}

void EngineProcess::start(const QString& command, int generation) {
    stopProcess();
    generation_ = generation;
    command_ = command.trimmed();
    finishing_ = false;
    bad_lines_ = 0;
    cutter_ = rpc::LineCutter();
    notices_ = {};
    log_.clear();
    last_log_.clear();
    QStringList words = commandWords(command_).value_or(QStringList());
    if (QFileInfo(command_).isFile()) words = {command_};  // also a path with blanks
    if (words.isEmpty()) {
        Q_EMIT ended(generation_,
                     tr("\"%1\" is no command; set the engine's location to a program or to a command such as "
                        "ssh HOST flashmorph serve.")
                         .arg(command));
        return;
    }
    if (words.size() == 1) words << "serve";
    process_ = std::make_unique<QProcess>();
    connect(process_.get(), &QProcess::started, this, [this] { Q_EMIT started(generation_); });
    connect(process_.get(), &QProcess::readyReadStandardOutput, this, &EngineProcess::readOutput);
    connect(process_.get(), &QProcess::readyReadStandardError, this, &EngineProcess::readLog);
    connect(process_.get(), &QProcess::errorOccurred, this, &EngineProcess::onError);
    connect(process_.get(), &QProcess::finished, this, &EngineProcess::onFinished);
    process_->setProcessEnvironment(engineEnvironment());
    giveWay();  // this thread, which reads along
    process_->setChildProcessModifier(giveWay);
    process_->start(words.takeFirst(), words);
}

void EngineProcess::send(const QByteArray& line) {
    if (isRunning()) process_->write(line + '\n');
}

void EngineProcess::finish(int wait_ms) {
    finishing_ = true;
    if (!isRunning()) return;
    process_->closeWriteChannel();
    killer_ = std::make_unique<QTimer>();
    killer_->setSingleShot(true);
    connect(killer_.get(), &QTimer::timeout, this, &EngineProcess::kill);
    killer_->start(wait_ms);
}

void EngineProcess::kill() {
    if (process_) process_->kill();
}

void EngineProcess::readOutput() {
    const QByteArray bytes = process_->readAllStandardOutput();
    cutter_.feed({bytes.constData(), static_cast<std::size_t>(bytes.size())},
                 [this](std::string_view line, bool too_long) { takeLine(line, too_long); });
}

// An answer does not wait for the receiver's clock; events do. A line that is no message is a remark of whatever stands
// between us and the engine: logged, never fatal.
void EngineProcess::takeLine(std::string_view line, bool too_long) {
    constexpr int most_reported = 20;
    try {
        if (too_long) throw FormatError("a message longer than 16 MiB was skipped");
        rpc::Message message = rpc::parseMessage(line);
        const rpc::Request* request = std::get_if<rpc::Request>(&message);
        if (request && request->method == rpc::notification::event) return inbox_.put(notices_.decode(request->params));
        std::visit([this](auto& each) { inbox_.put(std::move(each)); }, message);
        if (!told_.exchange(true)) Q_EMIT answered();
    } catch (const std::exception& error) {
        if (++bad_lines_ > most_reported) return;
        const QString shown = QString::fromUtf8(line.data(), qMin<qsizetype>(80, static_cast<qsizetype>(line.size())));
        Q_EMIT logged(tr("[client] not a message of the engine (%1): %2").arg(error.what(), shown));
    }
}

void EngineProcess::readLog() {
    constexpr qsizetype longest_line = 4096;
    log_ += process_->readAllStandardError();
    for (qsizetype end = log_.indexOf('\n'); end >= 0 || log_.size() > longest_line; end = log_.indexOf('\n')) {
        if (end < 0) end = longest_line;
        const QString line = QString::fromUtf8(log_.left(end)).trimmed();
        log_.remove(0, end + 1);
        if (line.isEmpty()) continue;
        last_log_ = line;
        Q_EMIT logged(line);
    }
}

void EngineProcess::onError(QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;  // everything else ends in finished()
    Q_EMIT ended(generation_, tr("The engine could not be started (%1: %2); check its location in the settings.")
                                  .arg(command_, process_->errorString()));
}

void EngineProcess::onFinished(int code, QProcess::ExitStatus status) {
    killer_.reset();
    readLog();
    if (finishing_ && status == QProcess::NormalExit) {
        Q_EMIT ended(generation_, {});
        return;
    }
    const QString how =
        status == QProcess::CrashExit ? tr("was killed or crashed") : tr("ended with code %1").arg(code);
    QString sentence =
        tr("The engine %1; every row up to the last second is safe in the run file, and Resume continues "
           "the job from there.")
            .arg(how);
    if (!last_log_.isEmpty()) sentence += tr(" It last said: %1").arg(last_log_.left(300));
    Q_EMIT ended(generation_, sentence);
}

}  // namespace fm
