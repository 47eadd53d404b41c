// Compares what a reader sees of the sample run with what must be there; "" when all is well.
#pragma once

#include <string>

#include "core/store/run_reader.h"
#include "tests/store/sample_run.h"

namespace sample {

inline std::string wrongStep(std::int64_t i, const std::string& column) {
    return column + " is wrong in row " + std::to_string(i);
}

inline std::string checkSteps(const fm::RunReader& reader) {
    const std::int64_t rows = reader.rows(reader.findTable("steps").value());
    const std::vector<std::int64_t> index = reader.readIntegers("steps/index");
    const std::vector<double> wall_ms = reader.readNumbers("steps/wall_ms");
    const std::vector<double> loss = reader.readNumbers("series/loss/align");
    const fm::FloatMatrix alpha = reader.readVectors("gates/alpha");
    const fm::FloatMatrix grad = reader.readVectors("gates/grad");
    const std::size_t n = static_cast<std::size_t>(rows);
    if (index.size() != n || wall_ms.size() != n || loss.size() != n || alpha.rows != rows || grad.rows != rows)
        return "columns differ in length";
    for (std::int64_t i = 0; i < rows; ++i) {
        const std::size_t at = static_cast<std::size_t>(i);
        const fm::Row expected = step(i);
        if (index[at] != i) return wrongStep(i, "steps/index");
        if (wall_ms[at] != std::get<double>(expected[1])) return wrongStep(i, "steps/wall_ms");
        if (loss[at] != std::get<double>(expected[2])) return wrongStep(i, "series/loss/align");
        const std::vector<float>& alpha_L = std::get<std::vector<float>>(expected[3]);
        for (std::size_t layer = 0; layer < num_layers; ++layer) {
            if (alpha.values[at * num_layers + layer] != alpha_L[layer]) return wrongStep(i, "gates/alpha");
            if (grad.values[at * num_layers + layer] != -alpha_L[layer]) return wrongStep(i, "gates/grad");
        }
    }
    return "";
}

inline std::string checkAnswers(const fm::RunReader& reader) {
    const std::vector<std::string> texts = reader.readTexts("eval/answer");
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (texts[i] != std::get<std::string>(answer(static_cast<std::int64_t>(i))[1]))
            return wrongStep(static_cast<std::int64_t>(i), "eval/answer");
    return "";
}

}  // namespace sample
