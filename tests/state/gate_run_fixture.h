// A small gate run with known gates, as header, rows and as a run file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/gate_tables.h"
#include "core/run/event.h"
#include "core/run/run_id.h"
#include "core/store/run_writer.h"
#include "tests/support/probe_fixture.h"

namespace fixture {

// A row of a gate run's own probe: it chose the plan, and measures nothing.
inline fm::Row probe(const std::string& plan, double kl, double exact) {
    return probeRows(plan, {.kl = kl, .exact = exact}, 0, fm::ProbePurpose::Confirm)[0].second;
}

inline const char* const kProbeSpec = R"({"tasks":["mk8","hop4"],"lengths":[256],"sequences":20,"seed":1,"hybrid":""})";

inline fm::RunOpened probeHeader(int num_layers, const std::string& spec = kProbeSpec) {
    fm::RunOpened opened;
    opened.run_id = fm::makeRunId("probe");
    opened.job = "probe";
    opened.spec_json = spec;
    opened.teacher_hash = "99aa06d3014798d86001c324468d497f";
    opened.parents = {"branches1"};
    opened.tables = {fm::probeTable(num_layers), fm::sequenceTable()};
    return opened;
}

inline fm::RunOpened gateHeader(int num_layers,
                                const std::string& spec = R"({"budget":2,"mode":"default","steps":20})") {
    fm::RunOpened opened;
    opened.run_id = fm::makeRunId("gates");
    opened.job = "gates";
    opened.spec_json = spec;
    opened.device = "cpu test";
    opened.teacher_hash = "99aa06d3014798d86001c324468d497f";
    opened.parents = {"branches1"};
    opened.tables = fm::gatesTables(num_layers);
    return opened;
}

// Layer l ends near 1 - l / L in the mean; the gate itself runs the other way round, so that the two rank differently.
inline float meanOf(int layer, int num_layers, std::int64_t step) {
    const float end = 1.0f - static_cast<float>(layer) / static_cast<float>(num_layers);
    return 1.0f + (end - 1.0f) * static_cast<float>(step + 1) / 20.0f;
}

inline fm::Row gateStep(std::int64_t step, int num_layers, int budget = 2) {
    std::vector<float> alpha(static_cast<std::size_t>(num_layers)), mean(alpha), grad(alpha.size(), 0.1f);
    for (int l = 0; l < num_layers; ++l) {
        mean[static_cast<std::size_t>(l)] = meanOf(l, num_layers, step);
        alpha[static_cast<std::size_t>(l)] = static_cast<float>(l) / static_cast<float>(num_layers);
    }
    const double s = double(step);
    return {step,
            10 * s,
            std::int64_t{100} * (step + 1),
            2 - 0.05 * s,
            1.5 - 0.05 * s,
            0.5,
            0.4 - 0.01 * s,
            0.1,
            0.0,
            0.1,
            0.02,
            double(budget),
            5.0,
            alpha,
            mean,
            grad,
            grad};
}

// Writes a run file as the engine would; closed when it goes out of scope.
class Writer {
public:
    Writer(const std::string& folder, const fm::RunOpened& header) : writer_(fm::RunWriter::inFolder(folder)) {
        post(header);
    }
    ~Writer() { writer_->close(); }
    void post(fm::EventBody body) { writer_->post({next_++, 10.0 * double(next_), std::move(body)}); }
    void row(int table, fm::Row row) { post(fm::RowAppended{table, std::move(row)}); }
    void rows(const std::vector<std::pair<int, fm::Row>>& rows) {
        for (const auto& [table, each] : rows) row(table, each);
    }
    void flush() { writer_->flush(); }
    void finish() { post(fm::StateChanged{fm::RunState::Finished, ""}); }
    std::string path() const { return writer_->path(); }

private:
    std::unique_ptr<fm::RunWriter> writer_;
    std::uint64_t next_ = 0;
};

}  // namespace fixture
