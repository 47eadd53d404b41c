// flashmorph compare: one table of everything measured in a study; with --diff, what two runs were told differently.
#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/plan_text.h"
#include "app/cli/verbs.h"
#include "core/base/byte_text.h"
#include "core/base/error.h"
#include "core/base/json_number.h"
#include "core/formats/checkpoint.h"
#include "core/model/model_shape_of.h"
#include "core/plan/plan_cost.h"
#include "core/plan/plan_json.h"
#include "core/plan/plan_spelling.h"
#include "core/results/compare_table.h"

namespace fm::cli {

namespace {

struct CompareOptions {
    std::string study;
    std::vector<std::string> runs, hybrids, diff;
    std::int64_t context = 32768;
};

void putMeasured(nlohmann::json& json, const std::string& name, const Estimate& measured) {
    putEstimate(json, name, measured);
    json[name + "_sequences"] = measured.n;
}

nlohmann::json rowJson(const ComparedRow& row, const PlanCost& cost) {
    nlohmann::json json = planJson(row.plan);
    json["name"] = row.name;
    json["hybrid"] = row.hybrid;
    json["branches"] = row.branches;
    json["probe"] = row.probe;
    json["eval"] = row.eval;
    putMeasured(json, "answer_kl", row.answer_kl);
    putMeasured(json, "exact_match", row.exact_match);
    putMeasured(json, "recall", row.recall);
    putMeasured(json, "text_kl", row.text_kl);
    json["kv_bytes_per_token"] = cost.kv_bytes_per_token;
    json["kv_share"] = cost.kv_share;
    json["predicted_decode_speedup"] = cost.decode_speedup;
    json["runs"] = row.runs;
    return json;
}

std::string rowText(const ComparedRow& row, const PlanCost& cost, std::size_t name_width) {
    const std::string recall = estimateText(row.recall, 3) + (row.eval.empty() ? "" : " " + row.eval);
    return format("%-*s  %3d  %-5s  %-27s  %-22s  %-27s  %-24s  %9s  %3.0f %%  %6.2f  %s\n",
                  static_cast<int>(name_width), row.name.c_str(), row.plan.budget(),
                  row.probe.empty() ? "-" : row.probe.c_str(), estimateText(row.answer_kl, 4).c_str(),
                  estimateText(row.exact_match, 3).c_str(), estimateText(row.text_kl, 4).c_str(), recall.c_str(),
                  byteText(double(cost.kv_bytes_per_token)).c_str(), 100 * cost.kv_share, cost.decode_speedup,
                  layersText(row.plan).c_str());
}

std::string onOneLine(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string legendText(const char* what, const std::map<std::string, nlohmann::json>& settings) {
    std::string text;
    for (const auto& [letter, setting] : settings) {
        text += format("%s %s:", what, letter.c_str());
        for (const auto& [field, value] : setting.items()) text += " " + field + " " + onOneLine(value);
        text += "\n";
    }
    return text;
}

int printTable(const GlobalOptions& global, const Study& study, const CompareOptions& options) {
    const ModelShape shape = shapeOf(Checkpoint::open(study.teacherPath())->config());
    const ComparedTable table = compareStudy(study, static_cast<int>(shape.num_layers), options.runs, options.hybrids);
    CostQuery query;
    query.context_tokens = options.context;
    std::size_t width = 4;
    for (const ComparedRow& row : table.rows) width = std::max(width, row.name.size());
    nlohmann::json json = {{"rows", nlohmann::json::array()},
                           {"probes", table.probes},
                           {"evals", table.evals},
                           {"context_tokens", options.context},
                           {"problems", table.problems}};
    std::string text = format("%-*s  %3s  %-5s  %-27s  %-22s  %-27s  %-24s  %9s  %5s  %6s  %s\n",
                              static_cast<int>(width), "name", "K", "probe", "answer KL (95 %)", "exact match (95 %)",
                              "text KL (95 %)", "recall (95 %)", "KV/token", "share", "decode", "full layers");
    for (const ComparedRow& row : table.rows) {
        const PlanCost cost = planCost(shape, row.plan, query);
        json["rows"].push_back(rowJson(row, cost));
        text += rowText(row, cost, width);
    }
    if (table.rows.empty()) text = "nothing has been measured yet: flashmorph probe, select, gates or eval does\n";
    text += legendText("probe", table.probes) + legendText("eval", table.evals);
    if (!table.rows.empty())
        text += format(
            "KV/token: KV cache; share: of the teacher's; decode: predicted speed-up over the teacher at a context of "
            "%lld tokens\n",
            static_cast<long long>(options.context));
    for (const std::string& problem : table.problems) text += "not read: " + problem + "\n";
    printResult(global, json, text);
    return kExitDone;
}

int printDifferences(const GlobalOptions& global, const Study& study, const CompareOptions& options) {
    const nlohmann::json differences = specDifferences(study, options.diff[0], options.diff[1]);
    std::string text = differences.empty() ? "the two specs are the same\n" : "";
    for (const nlohmann::json& entry : differences) {
        text += format("%-20s %s  ->  %s\n", entry["field"].get<std::string>().c_str(), onOneLine(entry["a"]).c_str(),
                       onOneLine(entry["b"]).c_str());
    }
    printResult(global, {{"a", options.diff[0]}, {"b", options.diff[1]}, {"differences", differences}}, text);
    return kExitDone;
}

}  // namespace

void addCompareVerb(CLI::App& app, CliContext& cli) {
    CLI::App* sub = app.add_subcommand("compare", "one table of every plan and hybrid that a study has measured");
    const auto options = std::make_shared<CompareOptions>();
    sub->add_option("STUDY", options->study, "the study folder")->required();
    sub->add_option("--runs", options->runs, "only what these runs measured, ids with commas between")->delimiter(',');
    sub->add_option("--hybrids", options->hybrids,
                    "only these hybrids, by id or name, beside the teacher and the all-linear plan")
        ->delimiter(',');
    CLI::Option* diff =
        sub->add_option("--diff", options->diff, "instead: the fields in which the specs of two runs differ");
    diff->type_name("RUN_A RUN_B")->expected(2);
    sub->add_option("--context", options->context, "context length of the predicted decode speed, tokens")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->capture_default_str();
    sub->callback([&cli, options] {
        cli.action = [&cli, options] {
            const Study study = Study::open(options->study);
            return options->diff.empty() ? printTable(cli.global, study, *options)
                                         : printDifferences(cli.global, study, *options);
        };
    });
}

}  // namespace fm::cli
