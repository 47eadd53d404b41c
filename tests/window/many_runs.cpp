#include "tests/window/many_runs.h"

#include <algorithm>
#include <map>
#include <random>

#include <QDir>
#include <QTemporaryDir>

#include "core/store/run_reader.h"
#include "core/store/run_rows.h"
#include "core/store/study.h"
#include "tests/state/gate_run_fixture.h"

using namespace fm;

namespace {

// A recorded run of the built-in study: real tables, real columns, real rows.
struct Recorded {
    RunOpened header;
    std::vector<std::vector<Row>> rows;  // by table
};

std::map<std::string, Recorded> recordedByJob() {
    std::map<std::string, Recorded> jobs;
    const QDir folder(FM_SOURCE_DIR "/resources/study/runs");
    for (const QString& name : folder.entryList({"*.h5"}, QDir::Files, QDir::Name)) {
        const RunReader reader(folder.filePath(name).toStdString());
        Recorded& recorded = jobs[reader.header().job];
        if (!recorded.rows.empty()) continue;
        recorded.header = reader.header();
        for (std::size_t t = 0; t < reader.header().tables.size(); ++t)
            recorded.rows.push_back(readRows(reader, static_cast<int>(t), 0, 400));
    }
    return jobs;
}

// As many jobs of each kind as a person makes who drags the budget and lets it rest.
std::string jobOf(int i) {
    constexpr const char* some[] = {"gates", "gates", "select", "eval", "interact", "eval"};
    return i % 20 < 6 ? some[i % 20] : "probe";
}

std::string runIdOf(const std::string& job, int i) {
    char text[80];
    std::snprintf(text, sizeof text, "2026%02d%02dT%02d%02d%02dZ-%s-%06x", 1 + i / 280, 1 + i / 20 % 14, i % 20, 7,
                  i % 60, job.c_str(), i);
    return text;
}

void writeRun(const Study& study, const Recorded& from, int i) {
    RunOpened header = from.header;
    header.run_id = runIdOf(header.job, i);
    fixture::Writer writer(study.runsFolder(), header);
    for (std::size_t t = 0; t < from.rows.size(); ++t)
        for (const Row& row : from.rows[t]) writer.row(static_cast<int>(t), row);
    writer.finish();
}

// Another plan each time, and another result.
void writeProbe(const Study& study, const RunOpened& gates, int i, std::mt19937& random) {
    std::string plan = "FFFLLLLLLLLL";
    std::shuffle(plan.begin(), plan.end(), random);
    std::uniform_real_distribution<double> recall(0.1, 0.95);
    RunOpened header = fixture::probeHeader(static_cast<int>(plan.size()));
    header.run_id = runIdOf(header.job, i);
    header.teacher_hash = gates.teacher_hash;
    header.parents = gates.parents;
    fixture::Writer writer(study.runsFolder(), header);
    writer.rows(fixture::probeRows(plan, {.kl = 0.5 * recall(random), .exact = recall(random), .sequences = 80}));
    writer.finish();
}

}  // namespace

QString fixture::writeManyRuns(const QTemporaryDir& folder, int count) {
    const std::map<std::string, Recorded> jobs = recordedByJob();
    StudyInfo info{.name = "many", .teacher_path = "/none"};
    info.teacher_hash = jobs.at("gates").header.teacher_hash;
    const Study study = Study::create(folder.filePath("many").toStdString(), info);
    std::mt19937 random(7);
    for (int i = 0; i < count; ++i) {
        if (jobOf(i) == "probe") {
            writeProbe(study, jobs.at("gates").header, i, random);
        } else {
            writeRun(study, jobs.at(jobOf(i)), i);
        }
    }
    return QString::fromStdString(study.folder());
}
