#include "widgets/client/run_mirrors.h"

#include <QDir>
#include <map>
#include <memory>

#include "core/run/error.h"
#include "core/run/event_json.h"
#include "core/store/run_mirror.h"

namespace fm {

static std::vector<Row> rowsFrom(const std::vector<Table>& tables, const std::string& name,
                                 const nlohmann::json& rows) {
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
                    open(run, *opened, notice.rows);
                } else if (const auto found = runs_.find(run); found != runs_.end()) {
                    found->second->take(notice.event, notice.row);
                }
            }
        });
    }
    // A run that is not live, from what the engine says about it.
    void openWhole(const QString& run, const nlohmann::json& answer, const nlohmann::json& rows_by_table,
                   const nlohmann::json& entry) {
        guarded(run, [&] {
            EventDecoder decoder;
            const RunEvent event =
                decoder.decode({{"seq", 0}, {"wall_ms", 0}, {"type", "run_opened"}, {"body", answer.at("header")}});
            const RunOpened& header = std::get<RunOpened>(event.body);
            std::vector<std::int64_t> rows;
            for (const Table& table : header.tables) rows.push_back(rows_by_table.value(table.name, std::int64_t{0}));
            open(run, header, rows);
            // An interrupted run has no end there either; here it counts as cancelled: nobody writes it.
            const std::string state = entry.value("state", "");
            runs_.at(run)->take({0, 0, StateChanged{runStateFromString(state).value_or(RunState::Cancelled), "copied"}},
                                -1);
        });
    }
    // `rows`: lists of cells, as in row_appended.
    void fetched(const QString& run, const std::string& table, std::int64_t first, const nlohmann::json& rows) {
        guarded(run, [&] {
            const auto found = runs_.find(run);
            if (found != runs_.end())
                found->second->fetched(table, first, rowsFrom(found->second->header().tables, table, rows));
        });
    }
    // The engine is gone: what is open counts as interrupted.
    void closeAll() { runs_.clear(); }
    void fetchFailed(const QString& run, const std::string& table) {
        guarded(run, [&] {
            if (const auto found = runs_.find(run); found != runs_.end()) found->second->fetchFailed(table);
        });
    }

private:
    void open(const QString& run, const RunOpened& header, const std::vector<std::int64_t>& rows) {
        runs_[run] = std::make_unique<RunMirror>(
            owner_.folder_.toStdString(),
            [this, run](const std::string& table, std::int64_t first, std::int64_t count) {
                QMetaObject::invokeMethod(
                    &owner_, [&owner = owner_, run, table, first, count] { owner.askRows(run, table, first, count); });
            });
        runs_[run]->open(header, rows);
    }
    // A run whose file cannot be written is given up, with one sentence; the others go on.
    template <class Work>
    void guarded(const QString& run, const Work& work) {
        try {
            work();
            const auto found = runs_.find(run);
            if (found == runs_.end() || !found->second->complete()) return;
            runs_.erase(found);
            QMetaObject::invokeMethod(&owner_, [&owner = owner_, run] { Q_EMIT owner.mirrored(run); });
        } catch (const std::exception& error) {
            runs_.erase(run);
            const QString sentence = tr("The copy of run %1 on this machine stops: %2").arg(run, error.what());
            QMetaObject::invokeMethod(&owner_, [&owner = owner_, sentence] { Q_EMIT owner.problem(sentence); });
        }
    }

    RunMirrors& owner_;
    std::map<QString, std::unique_ptr<RunMirror>> runs_;  // those that are not complete
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
    QMetaObject::invokeMethod(writer_, [writer = writer_] { writer->closeAll(); });
}

QString RunMirrors::pathOf(const QString& run) const { return folder_ + "/" + run + ".h5"; }

void RunMirrors::take(const QString& run, const std::vector<rpc::RunNotice>& notices) {
    QMetaObject::invokeMethod(writer_, [writer = writer_, run, notices] { writer->take(run, notices); });
}

void RunMirrors::askRows(const QString& run, const std::string& table, std::int64_t first, std::int64_t count) {
    const nlohmann::json params = {{"run", run.toStdString()}, {"table", table}, {"first", first}, {"count", count}};
    client_.request("run/fetch", params, this, [this, run, table, first](const EngineReply& reply) {
        const nlohmann::json rows = reply.ok() ? reply.result.value("rows", nlohmann::json::array()) : nlohmann::json();
        QMetaObject::invokeMethod(writer_, [writer = writer_, run, table, first, rows] {
            if (rows.is_array() && !rows.empty())
                writer->fetched(run, table, first, rows);
            else
                writer->fetchFailed(run, table);
        });
    });
}

void RunMirrors::fetchRun(const nlohmann::json& entry) {
    const nlohmann::json tables = entry.value("rows", nlohmann::json::object());
    if (!tables.is_object() || tables.empty()) return;  // a file that cannot be read there
    const std::string id = entry.value("run", "");
    const nlohmann::json params = {{"run", id}, {"table", tables.begin().key()}, {"first", 0}, {"count", 0}};
    client_.request("run/fetch", params, this, [this, id, entry, tables](const EngineReply& reply) {
        if (!reply.ok()) {
            Q_EMIT problem(reply.sentence());
            return;
        }
        QMetaObject::invokeMethod(writer_, [writer = writer_, id, entry, tables, answer = reply.result] {
            writer->openWhole(QString::fromStdString(id), answer, tables, entry);
        });
    });
}

}  // namespace fm
