#include "widgets/client/run_mirrors.h"

#include <QDir>
#include <map>
#include <memory>

#include "core/base/error.h"
#include "core/run/event_json.h"
#include "core/store/run_mirror.h"
#include "core/store/run_rows.h"
#include "core/store/study.h"

namespace fm {

static std::vector<Row> rowsFrom(const std::vector<Table>& of_job, const std::string& name,
                                 const nlohmann::json& rows) {
    const std::vector<Table> tables = tablesWithEvents(of_job);
    EventDecoder decoder(tables);
    std::size_t table = 0;
    while (table < tables.size() && tables[table].name != name) ++table;
    std::vector<Row> decoded;
    for (const nlohmann::json& row : rows) {
        const nlohmann::json body = {{"table", table}, {"row", row}};
        const RunEvent event = decoder.decode({{"seq", 0}, {"wall_ms", 0}, {"type", "row_appended"}, {"body", body}});
        decoded.push_back(std::get<RowAppended>(event.body).row);
    }
    return decoded;
}

// Everything that touches files. Thread: RunMirrors' own.
class RunMirrors::Writer : public QObject {
public:
    explicit Writer(RunMirrors& owner) : owner_(owner) {}

    void take(const QString& run, const std::vector<rpc::RunNotice>& notices) {
        guarded(run, [&] {
            for (const rpc::RunNotice& notice : notices) {
                if (notice.thinned > 0) continue;  // the gap shows in the rows
                if (const RunOpened* opened = std::get_if<RunOpened>(&notice.event.body)) {
                    markPartialCopy(pathOf(run), false);  // it is live
                    open(run, *opened, notice.rows);
                } else if (const auto found = runs_.find(run); found != runs_.end()) {
                    found->second->take(notice.event, notice.row);
                }
            }
        });
    }
    // What the engine says about a run. Its header is asked for when the file here is not the same yet.
    void consider(const QString& run, const nlohmann::json& entry) {
        bool wanted = false;
        guarded(run, [&] {
            const auto found = runs_.find(run);
            if (found != runs_.end())
                return found->second->learn(rowsIn(entry, found->second->header().tables), hasEnded(entry));
            wanted = !isSame(pathOf(run), entry);
            if (!wanted) markPartialCopy(pathOf(run), false);
        });
        QMetaObject::invokeMethod(&owner_, [&owner = owner_, entry, wanted] { owner.considered(entry, wanted); });
    }
    void openWhole(const QString& run, const nlohmann::json& header_json, const nlohmann::json& entry) {
        guarded(run, [&] {
            if (runs_.contains(run)) return;  // it has gone on meanwhile
            EventDecoder decoder;
            const RunEvent event =
                decoder.decode({{"seq", 0}, {"wall_ms", 0}, {"type", "run_opened"}, {"body", header_json}});
            const RunOpened& header = std::get<RunOpened>(event.body);
            markPartialCopy(pathOf(run), hasEnded(entry));
            open(run, header, rowsIn(entry, header.tables));
            runs_.at(run)->learn({}, hasEnded(entry));
        });
    }
    // `rows`: lists of cells, as in row_appended.
    void fetched(const QString& run, int opening, const std::string& table, std::int64_t first,
                 const nlohmann::json& answer) {
        guarded(run, [&] {
            const auto found = runs_.find(run);
            if (found == runs_.end() || openings_[run] != opening) return;
            found->second->fetched(table, first, rowsFrom(found->second->header().tables, table, answer.at("rows")),
                                   answer.at("total").get<std::int64_t>());
        });
    }
    // The engine is gone: what is open counts as interrupted.
    void closeAll() { runs_.clear(); }
    void fetchFailed(const QString& run, int opening, const std::string& table) {
        guarded(run, [&] {
            const auto found = runs_.find(run);
            if (found != runs_.end() && openings_[run] == opening) found->second->fetchFailed(table);
        });
    }

private:
    std::string pathOf(const QString& run) const { return owner_.pathOf(run).toStdString(); }
    static std::vector<std::int64_t> rowsIn(const nlohmann::json& entry, const std::vector<Table>& tables) {
        std::vector<std::int64_t> rows;
        for (const Table& table : tables) rows.push_back(entry.at("rows").value(table.name, std::int64_t{0}));
        return rows;
    }
    static bool hasEnded(const nlohmann::json& entry) {
        const std::string state = entry.value("state", "");
        return state != toString(RunState::Running) && state != toString(RunState::Paused);
    }
    // A file that says the same has the same content: its end is written last.
    static bool isSame(const std::string& path, const nlohmann::json& entry) {
        const RunSummary here = summarizeRun(path);
        const std::string state = here.interrupted ? "interrupted" : toString(here.state);
        return here.problem.empty() && state == entry.value("state", "") &&
               nlohmann::json(here.rows) == entry.at("rows");
    }
    void open(const QString& run, const RunOpened& header, const std::vector<std::int64_t>& rows) {
        runs_[run] = std::make_unique<RunMirror>(
            owner_.folder_.toStdString(), [&owner = owner_, run, opening = ++openings_[run]](
                                              const std::string& table, std::int64_t first, std::int64_t count) {
                QMetaObject::invokeMethod(&owner, [&owner, run, opening, table, first, count] {
                    owner.askRows(run, opening, table, first, count);
                });
            });
        runs_[run]->open(header, rows);
    }
    // A run whose file cannot be written is given up, with one sentence; the others go on.
    template <class Work>
    void guarded(const QString& run, const Work& work) {
        try {
            work();
            const auto found = runs_.find(run);
            if (found == runs_.end()) return;
            if (!found->second->complete()) {
                if (found->second->ended()) markPartialCopy(pathOf(run), true);
                return;
            }
            runs_.erase(found);
            markPartialCopy(pathOf(run), false);
            QMetaObject::invokeMethod(&owner_, [&owner = owner_, run] { Q_EMIT owner.mirrored(run); });
        } catch (const std::exception& error) {
            runs_.erase(run);
            const QString sentence = tr("The copy of run %1 on this machine stops: %2").arg(run, error.what());
            QMetaObject::invokeMethod(&owner_, [&owner = owner_, sentence] { Q_EMIT owner.problem(sentence); });
        }
    }

    RunMirrors& owner_;
    std::map<QString, std::unique_ptr<RunMirror>> runs_;  // those that are not complete
    std::map<QString, int> openings_;  // how often: an answer from before a run was resumed is of another file
};

RunMirrors::RunMirrors(EngineClient& client, const QString& runs_folder, QObject* parent)
    : QObject(parent), client_(client), folder_(runs_folder), writer_(new Writer(*this)) {
    QDir().mkpath(folder_);
    writer_->moveToThread(&thread_);
    connect(&thread_, &QThread::finished, writer_, &QObject::deleteLater);
    connect(&client_, &EngineClient::eventsReceived, this, &RunMirrors::take);
    connect(&client_, &EngineClient::stopped, this, &RunMirrors::closeAll);
    connect(&client_, &EngineClient::died, this, &RunMirrors::closeAll);
    thread_.setObjectName("mirror");
    thread_.start();
}

RunMirrors::~RunMirrors() {
    thread_.quit();
    thread_.wait();
}

void RunMirrors::closeAll() {
    waiting_.clear();
    QMetaObject::invokeMethod(writer_, [writer = writer_] { writer->closeAll(); });
}

QString RunMirrors::pathOf(const QString& run) const { return folder_ + "/" + run + ".h5"; }

void RunMirrors::take(const QString& run, const std::vector<rpc::RunNotice>& notices) {
    QMetaObject::invokeMethod(writer_, [writer = writer_, run, notices] { writer->take(run, notices); });
}

void RunMirrors::askRows(const QString& run, int opening, const std::string& table, std::int64_t first,
                         std::int64_t count) {
    const nlohmann::json params = {{"run", run.toStdString()}, {"table", table}, {"first", first}, {"count", count}};
    client_.request("run/fetch", params, this, [this, run, opening, table, first](const EngineReply& reply) {
        QMetaObject::invokeMethod(writer_, [writer = writer_, run, opening, table, first, reply] {
            if (reply.ok())
                writer->fetched(run, opening, table, first, reply.result);
            else
                writer->fetchFailed(run, opening, table);
        });
        if (!reply.ok()) tellRefusal(reply);
    });
}

// What an engine that is there does not give will not come later either. Of many runs it is told once.
void RunMirrors::tellRefusal(const EngineReply& reply) {
    const rpc::ErrorCode code = reply.error->code();
    if (code != rpc::ErrorCode::InputProblems && code != rpc::ErrorCode::InvalidParams) return;
    if (!told_.insert(reply.sentence()).second) return;
    Q_EMIT problem(tr("Runs cannot be copied to this machine as a whole: %1").arg(reply.sentence()));
}

void RunMirrors::fetchRun(const nlohmann::json& entry) {
    const nlohmann::json tables = entry.value("rows", nlohmann::json::object());
    if (!tables.is_object() || tables.empty()) return;  // a file that cannot be read there
    waiting_.push_back(entry);
    if (waiting_.size() == 1) considerNext();
}

void RunMirrors::considerNext() {
    if (waiting_.empty()) return;
    const nlohmann::json entry = waiting_.front();
    QMetaObject::invokeMethod(writer_, [writer = writer_, entry] {
        writer->consider(QString::fromStdString(entry.value("run", "")), entry);
    });
}

void RunMirrors::considered(const nlohmann::json& entry, bool wanted) {
    const auto next = [this] {
        if (!waiting_.empty()) waiting_.pop_front();
        considerNext();
    };
    if (!wanted) return next();
    const nlohmann::json params = {
        {"run", entry.at("run")}, {"table", entry.at("rows").begin().key()}, {"first", 0}, {"count", 0}};
    client_.request("run/fetch", params, this, [this, entry, next](const EngineReply& reply) {
        if (reply.ok() && reply.result.contains("header")) {
            QMetaObject::invokeMethod(writer_, [writer = writer_, entry, header = reply.result["header"]] {
                writer->openWhole(QString::fromStdString(entry.value("run", "")), header, entry);
            });
        } else if (!reply.ok()) {
            Q_EMIT problem(reply.sentence());
        }
        next();
    });
}

}  // namespace fm
