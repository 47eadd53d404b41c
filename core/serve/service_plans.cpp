// plan/cost, plan/probe, plan/instantiate, sample/get
#include "core/base/error.h"
#include "core/engine/probe_spec.h"
#include "core/jobs/keep_hybrid.h"
#include "core/jobs/study_session.h"
#include "core/plan/plan_spelling.h"
#include "core/serve/sample_report.h"
#include "core/serve/service.h"

namespace fm {

namespace {

// Fields of a query that may be given: tokens, sequences, bytes, GB/s.
CostQuery costQuery(const nlohmann::json& json) {
    CostQuery query;
    std::vector<Problem> problems;
    for (const auto& [key, value] : json.items()) {
        double* real = key == "bytes_per_weight"  ? &query.bytes_per_weight
                       : key == "bytes_per_kv"    ? &query.bytes_per_kv
                       : key == "bytes_per_state" ? &query.bytes_per_state
                       : key == "bandwidth_gb_s"  ? &query.bandwidth_gb_s
                                                  : nullptr;
        std::int64_t* whole = key == "context_tokens" ? &query.context_tokens : key == "batch" ? &query.batch : nullptr;
        constexpr double most = 1e12;
        const double number = value.is_number() ? value.get<double>() : 0;
        if (!real && !whole) {
            problems.push_back({key, "",
                                "context_tokens, batch, bytes_per_weight, bytes_per_kv, bytes_per_state or "
                                "bandwidth_gb_s"});
        } else if (!(number > 0 && number <= most)) {
            problems.push_back({key, value.is_structured() ? "" : value.dump(), "a number above 0, at most 1e12"});
        } else if (real) {
            *real = number;
        } else {
            *whole = std::max<std::int64_t>(1, static_cast<std::int64_t>(number));
        }
    }
    if (!problems.empty()) throw InputError(problems);
    return query;
}

// What is to be measured, as the spec of the probe job.
nlohmann::json probeSpec(const nlohmann::json& params, std::int64_t num_layers) {
    nlohmann::json spec = nlohmann::json::object();
    for (const char* key : {"hybrid", "branches", "sequences", "tasks", "lengths", "seed"})
        if (params.contains(key)) spec[key] = params[key];
    if (params.contains("plan") == params.contains("hybrid"))
        throw InputError(Problem{"plan", "", "either a plan or a hybrid"});
    if (params.contains("plan"))
        spec["layers"] = layersOption(parsePlanKey(params["plan"].get<std::string>(), num_layers));
    return spec;
}

}  // namespace

nlohmann::json Service::probeSpecOf(const nlohmann::json& params) {
    nlohmann::json spec = completeSpec(job("probe"), probeSpec(params, opened().shape.num_layers));
    const bool uses_branches =
        params.contains("plan") && params["plan"].get<std::string>().find('L') != std::string::npos;
    if (uses_branches)  // "the newest" may be another one next time
        spec["branches"] = session().branches(spec["branches"].get<std::string>()).id;
    return spec;
}

// The probe job in a run file of its own; what has been measured before is not measured again.
nlohmann::json Service::finishedProbe(const nlohmann::json& spec) {
    const std::string settings = spec.dump() + session().resources().chat_family + session().study().info().text_path;
    if (const auto found = probes_.find(settings); found != probes_.end()) {
        nlohmann::json answer = found->second;
        answer["cached"] = true;
        return answer;
    }
    const RunPlace place{"probe", opened().folder + "/runs", {}};
    RunControl control;
    const JobEnd end = runHere(job("probe"), place, jobFiles(place), spec, control);
    if (end.error) std::rethrow_exception(end.error);
    probes_[settings] = end.outcome.json;
    nlohmann::json answer = end.outcome.json;
    answer["cached"] = false;
    return answer;
}

nlohmann::json Service::probe(const nlohmann::json& params) { return finishedProbe(probeSpecOf(params)); }

nlohmann::json Service::instantiate(const nlohmann::json& params) {
    StudySession& here = session();
    const Plan plan = parsePlanKey(params["plan"].get<std::string>(), here.config().num_layers);
    const BranchSet branches = here.branches(params.value("branches", ""));
    const RecoveredHybrid hybrid{here.weights(), branches, plan};
    return {{"hybrid", keepHybrid(here, hybrid, params.value("name", ""), {"", "", branches.id})}};
}

nlohmann::json Service::sample(const nlohmann::json& params) {
    return sampleReport(session(), runPath(params["run"].get<std::string>()), params["index"].get<std::int64_t>());
}

void Service::addPlanHandlers(rpc::Server& server) {
    server.answer("plan/cost", [this](const nlohmann::json& params) {
        const ModelShape shape = opened().shape;
        const Plan plan = parsePlanKey(params["plan"].get<std::string>(), shape.num_layers);
        const CostQuery query = costQuery(params.value("query", nlohmann::json::object()));
        nlohmann::json answer = costJson(planCost(shape, plan, query));
        answer["full_layers"] = plan.budget();
        return answer;
    });
    server.on("plan/probe", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        desk_.ask(respond, [this, params] { return probe(params); });
    });
    server.on("plan/instantiate", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        desk_.ask(respond, [this, params] { return instantiate(params); });
    });
    server.on("sample/get", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        desk_.ask(respond, [this, params] { return sample(params); });
    });
}

}  // namespace fm
