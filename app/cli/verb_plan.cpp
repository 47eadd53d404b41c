// flashmorph plan: the plan of any step of a gate run at any budget.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/plan_text.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/formats/checkpoint.h"
#include "core/model/model_shape_of.h"
#include "core/plan/pins.h"
#include "core/plan/plan_json.h"
#include "core/plan/plan_spelling.h"
#include "core/results/gate_run_plan.h"

namespace fm::cli {

void addPlanVerb(CLI::App& app, CliContext& cli) {
    struct Options {
        std::string study;
        PlanChoice choice;
        std::int64_t context = 32768;
    };
    CLI::App* sub = app.add_subcommand("plan", "the plan of a gate run at any step and budget, with its cost");
    const auto options = std::make_shared<Options>();
    sub->add_option("STUDY", options->study, "the study folder")->required();
    sub->add_option("--run", options->choice.run, "gate run; none: the newest");
    sub->add_option("--budget", options->choice.budget, "how many layers keep full attention; none: the run's own");
    sub->add_option("--step", options->choice.step, "step of the run; none: its end, with the swaps it made");
    sub->add_option("--pin", options->choice.pins, "forced layer, such as 0=full or 3=linear; may be given again");
    sub->add_option("--context", options->context, "context length of the predicted decode speed, tokens")
        ->capture_default_str();
    sub->callback([&cli, options] {
        cli.action = [&cli, options] {
            const Study study = Study::open(options->study);
            const std::unique_ptr<Checkpoint> teacher = Checkpoint::open(study.teacherPath());
            const std::string run =
                options->choice.run.empty() ? newestRun(study, "gates", "run") : options->choice.run;
            std::vector<Problem> problems;
            const std::vector<Pin> pins = parsePins(options->choice.pins, problems);
            if (!problems.empty()) throw InputError(problems);
            const Plan plan = planOfRun(study.runPath(run), options->choice, pins);
            CostQuery query;
            query.context_tokens = options->context;
            const PlanCost cost = planCost(shapeOf(teacher->config()), plan, query);
            nlohmann::json json = planJson(plan);
            json["run"] = run;
            json["cost"] = costJson(cost);
            printResult(cli.global, json, "full layers  " + layersText(plan) + "\n" + costText(cost) + "\n");
            return kExitDone;
        };
    });
}

}  // namespace fm::cli
