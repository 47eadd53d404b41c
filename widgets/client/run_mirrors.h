// The runs of an engine on another machine, kept as run files here, so that every view reads the same thing.
#pragma once

#include <QObject>
#include <QString>
#include <QThread>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "widgets/client/engine_client.h"

namespace fm {

// Live runs are written as their events arrive; finished ones are fetched by fetchRun(). Files are written on a thread
// of their own. Thread: the window's.
class RunMirrors : public QObject {
    Q_OBJECT
public:
    // `runs_folder` is made when it is not there.
    RunMirrors(EngineClient& client, const QString& runs_folder, QObject* parent = nullptr);
    ~RunMirrors() override;

    QString pathOf(const QString& run) const;
    // Fetches what is missing here of a run, after those asked for before. `run`: its entry in the answer to run/list.
    void fetchRun(const nlohmann::json& run);

Q_SIGNALS:
    void mirrored(const QString& run);  // the file holds the whole run, with its end
    void problem(const QString& sentence);

private:
    class Writer;
    void closeAll();
    void take(const QString& run, const std::vector<rpc::RunNotice>& notices);
    void tellRefusal(const EngineReply& reply);
    void considerNext();
    void considered(const nlohmann::json& entry, bool wanted);
    void askRows(const QString& run, int opening, const std::string& table, std::int64_t first, std::int64_t count);

    EngineClient& client_;
    const QString folder_;
    QThread thread_;
    Writer* writer_;                      // lives in thread_
    std::deque<nlohmann::json> waiting_;  // entries of run/list; the first is being looked at
    std::set<QString> told_;
};

}  // namespace fm
