// Runs recorded as JSON lines, read as a study needs them. In every build, so that every build tests it.
#pragma once

#include <string>
#include <vector>

#include "core/store/jsonl_events.h"
#include "core/store/recorded_run.h"
#include "core/store/study.h"

namespace fm {

// Holds all rows in memory. Thread: one at a time.
class JsonlRun final : public RecordedRun {
public:
    explicit JsonlRun(std::string path);  // errors as readJsonlEvents() has them

    const std::string& path() const override { return path_; }
    const RunOpened& header() const override { return header_; }
    RunState state() const override { return state_; }
    bool interrupted() const override;
    std::int64_t rows(const std::string& table) const override;
    bool has(const std::string& column) const override;
    std::vector<double> readNumbers(const std::string& column, std::int64_t first, std::int64_t count) const override;
    std::vector<std::string> readTexts(const std::string& column, std::int64_t first,
                                       std::int64_t count) const override;
    std::vector<float> readVector(const std::string& column, std::int64_t row) const override;
    std::int64_t countRows(int table) const override;
    std::vector<Row> readRows(int table, std::int64_t first, std::int64_t count) const override;

private:
    template <class Take>
    void eachCell(const std::string& column, std::int64_t first, std::int64_t count, const Take& take) const;

    std::string path_;
    RunOpened header_;
    RunState state_ = RunState::Running;
    std::vector<std::vector<Row>> rows_;  // by table, log and states behind the run's own
};

// These read the whole file and keep no row.
RunSummary summarizeJsonl(const std::string& path);
RunOpened headerOfJsonl(const std::string& path);

}  // namespace fm
