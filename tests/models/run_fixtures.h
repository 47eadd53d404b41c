// Runs as the engine records them, small and with known figures: headers, rows, files.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/gate_tables.h"
#include "core/run/event.h"
#include "core/store/run_writer.h"
#include "tests/support/probe_fixture.h"
#include "widgets/state/run_data.h"
#include "widgets/state/study_state.h"

namespace fixture {

using fm::CellType;

inline fm::RunOpened header(const std::string& run_id, const std::string& job, const std::string& spec,
                            std::vector<fm::Table> tables) {
    fm::RunOpened opened;
    opened.run_id = run_id;
    opened.job = job;
    opened.spec_json = spec;
    opened.software = "0.1.0 test";
    opened.device = "cpu avx2, 2 threads";
    opened.teacher_hash = "99aa06d3014798d86001c324468d497f";
    opened.tables = std::move(tables);
    return opened;
}

inline std::vector<fm::Table> probeTables(int num_layers) { return {fm::probeTable(num_layers), fm::sequenceTable()}; }

// A row of a gate run's own probe: it chose the plan, and measures nothing.
inline fm::Row chosenRow(const std::string& plan, double kl, double recall) {
    return probeRows(plan, {.kl = kl, .exact = recall}, 0, fm::ProbePurpose::Confirm)[0].second;
}

inline std::vector<fm::Table> evalTables() {
    return {{"cells",
             {{"eval/cells/task", CellType::Text, 32, "", "task"},
              {"eval/cells/tokens", CellType::Int64, 1, "tokens", "length"},
              {"eval/cells/depth", CellType::Float64, 1, "1", "depth"},
              {"eval/cells/sequences", CellType::Int64, 1, "sequences", "sequences"},
              {"eval/cells/recall", CellType::Float64, 1, "1", "recall"},
              {"eval/cells/recall_low", CellType::Float64, 1, "1", "low"},
              {"eval/cells/recall_high", CellType::Float64, 1, "1", "high"},
              {"eval/cells/exact_match", CellType::Float64, 1, "1", "exact"}}},
            {"samples",
             {{"eval/samples/task", CellType::Text, 32, "", "task"},
              {"eval/samples/tokens", CellType::Int64, 1, "tokens", "length"},
              {"eval/samples/depth", CellType::Float64, 1, "1", "depth of the cell"},
              {"eval/samples/needle_depth", CellType::Float64, 1, "1", "depth of the needle"},
              {"eval/samples/seed", CellType::Text, 20, "", "seed"},
              {"eval/samples/expected", CellType::Text, 1024, "", "expected"},
              {"eval/samples/given", CellType::Text, 1024, "", "given"},
              {"eval/samples/recall", CellType::Float64, 1, "1", "recall"},
              {"eval/samples/exact", CellType::Int64, 1, "", "exact"}}},
            {"scores",
             {{"eval/scores/task", CellType::Text, 32, "", "task"},
              {"eval/scores/recall", CellType::Float64, 1, "1", "recall"},
              {"eval/scores/recall_low", CellType::Float64, 1, "1", "low"},
              {"eval/scores/recall_high", CellType::Float64, 1, "1", "high"}}}};
}

// As earlier versions wrote it: answers counted, no intervals, no scores over tasks.
inline std::vector<fm::Table> earlierEvalTables() {
    std::vector<fm::Table> tables = evalTables();
    tables.pop_back();
    tables[0].columns[3].path = "eval/cells/samples";
    tables[0].columns.erase(tables[0].columns.begin() + 5, tables[0].columns.begin() + 7);
    return tables;
}

inline fm::Row sampleRow(const std::string& task, std::int64_t tokens, double depth, const std::string& expected,
                         const std::string& given) {
    const bool right = given.find(expected) != std::string::npos;
    return {task,
            tokens,
            depth,
            depth + 0.01,
            std::to_string(std::hash<std::string>{}(expected)),  // another sequence for each
            expected,
            given,
            right ? 1.0 : 0.0,
            std::int64_t{right ? 1 : 0}};
}

inline std::vector<fm::Table> interactTables(int num_layers) {
    return {{"singles",
             {{"interact/layer", CellType::Int64, 1, "", "layer"},
              {"interact/single", CellType::Float64, 1, "nat", "answer KL"},
              {"interact/single_text", CellType::Float64, 1, "nat", "text KL"}}},
            {"pairs",
             {{"interact/first", CellType::Int64, 1, "", "first"},
              {"interact/second", CellType::Int64, 1, "", "second"},
              {"interact/both", CellType::Float64, 1, "nat", "both"},
              {"interact/extra", CellType::Float64, 1, "nat", "extra"}}},
            {"curvature",
             {{"interact/row", CellType::Int64, 1, "", "row"},
              {"interact/plan", CellType::Text, num_layers, "", "plan"},
              {"interact/curvature", CellType::Float32Vector, num_layers, "nat", "curvature"}}}};
}

inline std::vector<fm::Table> gatesTables(int num_layers) {
    std::vector<fm::Table> tables = {{"steps",
                                      {{"steps/index", CellType::Int64, 1, "steps", "step"},
                                       {"gates/alpha", CellType::Float32Vector, num_layers, "", "gates"}}}};
    tables.push_back(probeTables(num_layers)[0]);
    return tables;
}

// A run in memory, as a live one grows.
inline void fill(fm::RunData& run, int table, const std::vector<fm::Row>& rows) {
    for (const fm::Row& row : rows) run.append(table, row);
    run.announce();
}

// A finished run file.
inline void writeRun(const std::string& folder, const fm::RunOpened& opened,
                     const std::vector<std::pair<int, fm::Row>>& rows, fm::RunState end = fm::RunState::Finished) {
    const auto writer = fm::RunWriter::inFolder(folder);
    std::uint64_t seq = 0;
    const auto post = [&](fm::EventBody body) {
        const double wall_ms = static_cast<double>(seq);
        writer->post({seq++, wall_ms, std::move(body)});
    };
    post(opened);
    for (const auto& [table, row] : rows) post(fm::RowAppended{table, row});
    post(fm::StateChanged{end, end == fm::RunState::Failed ? "[gates] no memory left at step 3" : ""});
    writer->close();
}

// A run as the study lists it, without a file.
inline fm::RunEntry entry(const std::string& run_id, const std::string& job, const std::string& spec) {
    fm::RunEntry run;
    run.summary.path = "/study/runs/" + run_id + ".h5";
    run.summary.run_id = run_id;
    run.summary.job = job;
    run.summary.spec_json = spec;
    run.spec = std::make_shared<const fm::SpecFields>(fm::flatSpec(spec));
    run.summary.device = "cpu";
    run.summary.state = fm::RunState::Finished;
    run.started = QDateTime::fromString(QString::fromStdString(run_id.substr(0, 15)), "yyyyMMdd'T'HHmmss");
    run.started.setTimeSpec(Qt::UTC);
    return run;
}

}  // namespace fixture
