// A run whose every cell follows from its row number, so that any program can say what must be in the file.
#pragma once

#include <string>
#include <vector>

#include "core/run/event.h"

namespace sample {

constexpr int num_layers = 30;
inline const std::string run_id = "20260314T150926Z-gates-3fa9c1";

inline fm::RunOpened header() {
    using fm::CellType;
    fm::RunOpened opened;
    opened.run_id = run_id;
    opened.job = "gates";
    opened.spec_json = R"({"budget":4,"note":"h\u00e9"})";
    opened.software = "0.1.0 test";
    opened.device = "cpu";
    opened.teacher_hash = "99aa06d3014798d86001c324468d497f";
    opened.parents = {"b1", "20260101T000000Z-align-00ff00"};
    opened.tables = {{"steps",
                      {{"steps/index", CellType::Int64, 1, "", "number of the step"},
                       {"steps/wall_ms", CellType::Float64, 1, "ms", "time of the step"},
                       {"series/loss/align", CellType::Float64, 1, "1", "hidden-state error"},
                       {"gates/alpha", CellType::Float32Vector, num_layers, "1", "gates"},
                       {"gates/grad", CellType::Float32Vector, num_layers, "1", "gradients of the gates"}}},
                     {"samples",
                      {{"eval/index", CellType::Int64, 1, "", "number of the sample"},
                       {"eval/answer", CellType::Text, 24, "", "what was answered"}}}};
    return opened;
}

// Step 0 is not all zeros either: a row of zeros is always damage.
inline fm::Row step(std::int64_t i) {
    std::vector<float> alpha(num_layers);
    std::vector<float> grad(num_layers);
    for (int layer = 0; layer < num_layers; ++layer) {
        alpha[static_cast<std::size_t>(layer)] = static_cast<float>(i % 4096 + 1) + static_cast<float>(layer) / 32.0f;
        grad[static_cast<std::size_t>(layer)] = -alpha[static_cast<std::size_t>(layer)];
    }
    return {i, 0.5 * static_cast<double>(i) + 1, 1.0 / static_cast<double>(i + 1), alpha, grad};
}

inline fm::Row answer(std::int64_t i) { return {i, "answer-" + std::to_string(i) + "-\xc3\xa9"}; }

// Posts events with their numbers.
class Poster {
public:
    explicit Poster(fm::EventSink& sink) : sink_(sink) {}
    void operator()(fm::EventBody body) { sink_.post({next_++, static_cast<double>(next_), std::move(body)}); }

private:
    fm::EventSink& sink_;
    std::uint64_t next_ = 0;
};

}  // namespace sample
