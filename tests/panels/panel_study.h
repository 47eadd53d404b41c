// A study on disk with runs of every kind that the panels show, small and with known figures.
#pragma once

#include <QString>
#include <QTemporaryDir>
#include <string>

#include "core/store/study.h"
#include "tests/models/run_fixtures.h"

namespace fixture {

constexpr int num_layers = 8;

inline std::string gateSpec(int budget, double lambda) {
    return R"({"mode":"default","budget":)" + std::to_string(budget) + R"(,"lambda":)" + std::to_string(lambda) +
           R"(,"lr":0.02,"steps":40,"tasks":["mk8","hop4"],"text_kl_weight":0.15})";
}

// Layer l: f({l}) = 0.01 (l + 1). Layers 2 and 5 make up for each other: both cost 0.2 more than their sum.
inline double singleLoss(int layer) { return 0.01 * (layer + 1); }
inline double extraLoss(int first, int second) {
    if (first == 2 && second == 5) return 0.2;
    return 0.002 * ((first * 7 + second * 3) % 11) - 0.01;
}

inline fm::Row pairRow(int first, int second) {
    const double extra = extraLoss(first, second);
    return {std::int64_t{first}, std::int64_t{second}, singleLoss(first) + singleLoss(second) + extra, extra};
}

inline std::vector<fm::Row> singleRows() {
    std::vector<fm::Row> rows;
    for (int layer = 0; layer < num_layers; ++layer)
        rows.push_back({std::int64_t{layer}, singleLoss(layer), 0.5 * singleLoss(layer)});
    return rows;
}

inline std::vector<fm::Row> gateRows(int steps) {
    std::vector<fm::Row> rows;
    for (int step = 0; step < steps; ++step) {
        std::vector<float> alpha;
        for (int layer = 0; layer < num_layers; ++layer) {
            const float end = (layer == 0 || layer == 2 || layer == 5 || layer == 7) ? 0.9f : 0.1f;
            alpha.push_back(1 + (end - 1) * static_cast<float>(step) / static_cast<float>(steps));
        }
        rows.push_back({std::int64_t{step}, alpha});
    }
    return rows;
}

using TableRows = std::vector<std::pair<int, fm::Row>>;

inline TableRows inTable(int table, const std::vector<fm::Row>& rows) {
    TableRows list;
    for (const fm::Row& row : rows) list.emplace_back(table, row);
    return list;
}

inline void writeDamagedRun(const fm::Study& study) {
    QFile file(QString::fromStdString(study.runPath("20260307T090000Z-align-0000ff")));
    if (file.open(QIODevice::WriteOnly)) file.write("this is no run file");
}

inline TableRows evalRows() {
    TableRows rows;
    const char* tasks[] = {"mk8", "hop4"};
    for (int i = 0; i < 24; ++i) {
        const std::string expected = "amber " + std::to_string(i);
        const std::string given = i % 5 == 3 ? "blue 7" : expected;
        rows.emplace_back(1, sampleRow(tasks[i % 2], i < 12 ? 512 : 2048, 0.25 * (i % 5), expected, given));
    }
    return rows;
}

inline fm::Study makeStudy(const QString& folder) {
    fm::StudyInfo info;
    info.name = "panels";
    info.teacher_path = "/teacher";
    info.teacher_hash = "99aa06d3014798d86001c324468d497f";
    info.labels["h1"].name = "recovered K=4";
    info.artifacts["h1"] = {fm::ArtifactKind::Hybrid, "hybrids/h1", "", {"plan-FLFLLFLF"}};
    info.labels["20260301T090000Z-gates-0000aa"] = {"", "lambda too low", {"first"}};
    const fm::Study study = fm::Study::create(folder.toStdString(), info);
    const std::string runs = study.runsFolder();
    TableRows gates = inTable(0, gateRows(40));
    gates.emplace_back(1, chosenRow("FLFLLFLF", 0.061, 0.93));
    writeRun(runs, header("20260301T090000Z-gates-0000aa", "gates", gateSpec(4, 0.1), gatesTables(num_layers)), gates);
    writeRun(runs, header("20260302T090000Z-gates-0000bb", "gates", gateSpec(4, 0.2), gatesTables(num_layers)), gates);
    writeRun(runs, header("20260303T090000Z-probe-0000cc", "probe", R"({"layers":"0,4"})", probeTables(num_layers)),
             probeRows("FLLLFLLL", {.kl = 0.4, .exact = 0.55}));
    writeRun(runs, header("20260303T100000Z-probe-0000cd", "probe", R"({"layers":"0,2,4,6"})", probeTables(num_layers)),
             probeRows("FLFLFLFL", {.kl = 0.2, .exact = 0.775}));
    writeRun(runs, header("20260303T110000Z-probe-0000ce", "probe", R"({"layers":"0,2,5,7"})", probeTables(num_layers)),
             probeRows("FLFLLFLF", {.kl = 0.06, .exact = 0.925}));
    writeRun(runs, header("20260304T090000Z-eval-0000dd", "eval", R"({"hybrid":"h1"})", evalTables()), evalRows());
    TableRows pairs = inTable(0, singleRows());
    for (int first = 0; first < num_layers; ++first)
        for (int second = first + 1; second < num_layers; ++second) pairs.emplace_back(1, pairRow(first, second));
    for (int row = 0; row < num_layers; ++row) {
        std::vector<float> curvature(num_layers, 0.01f * static_cast<float>(row));
        pairs.emplace_back(2, fm::Row{std::int64_t{row}, std::string("FLFLLFLF"), curvature});
    }
    writeRun(runs,
             header("20260305T090000Z-interact-0000ee", "interact", R"({"layers":""})", interactTables(num_layers)),
             pairs);
    writeRun(runs, header("20260306T090000Z-gates-0000f0", "gates", gateSpec(2, 0.1), gatesTables(num_layers)), {},
             fm::RunState::Failed);
    writeDamagedRun(study);
    return study;
}

}  // namespace fixture
