// spec/*, job/*
#include "core/base/error.h"
#include "core/jobs/study_session.h"
#include "core/rpc/methods.h"
#include "core/serve/notice_sink.h"
#include "core/serve/service.h"

namespace fm {

namespace {

std::string textOf(const nlohmann::json& params, const char* key) { return params[key].get<std::string>(); }

// A spec as --print-spec writes it also names job and study; what counts is what the request says.
nlohmann::json withoutPlace(nlohmann::json spec) {
    spec.erase("job");
    spec.erase("study");
    return spec;
}

}  // namespace

// Computing thread. Whatever goes wrong is in the result.
JobEnd Service::runHere(const Job& job, const RunPlace& place, const JobFiles& files, const nlohmann::json& spec,
                        RunControl& control) {
    JobEnd end;
    try {
        PreparedRun run = prepareRun(place, files);
        if (job.needs_study) {
            session();
        } else if (!workplace_) {
            workplace_ = std::make_unique<Workplace>(options_);
        }
        NoticeSink notices(outbox_, files.run_id, run.rows,
                           [this, &files](RunState state) { desk_.note(files.run_id, state); });
        std::vector<EventSink*> watchers = {&notices};
        if (warnings_) watchers.push_back(warnings_);
        end = runPrepared(std::move(run), control, watchers, [&](JobContext& context, const JobFiles&) {
            return job.run(context, files, spec, *workplace_);
        });
    } catch (...) {
        end.error = std::current_exception();
    }
    return end;
}

nlohmann::json Service::addJob(const Job& job, const nlohmann::json& given, const std::string& resume) {
    const std::string runs = job.needs_study ? opened().folder + "/runs" : std::string();
    const RunPlace place{job.name, runs, resume};
    const nlohmann::json spec = completeSpec(job, resume.empty() ? given : storedSpec(place));
    const JobFiles files = jobFiles(place);
    const std::string state = desk_.add(files.run_id, job.name, [this, &job, place, files, spec](RunControl& control) {
        return runHere(job, place, files, spec, control);
    });
    return {{"run", files.run_id}, {"state", state}};
}

nlohmann::json Service::startJob(const nlohmann::json& params) {
    const nlohmann::json spec = withoutPlace(params.value("spec", nlohmann::json::object()));
    const std::string resume = params.value("resume", "");
    if (!resume.empty() && !spec.empty())
        throw InputError(Problem{"spec", spec.begin().key(), "nothing: a resumed run has its own spec"});
    return addJob(job(textOf(params, "job")), spec, resume);
}

nlohmann::json Service::setField(const nlohmann::json& params) {
    const std::string run = textOf(params, "run"), name = textOf(params, "field");
    const double value = params["value"].get<double>();
    std::string names;
    for (const nlohmann::json& field : job(desk_.jobOf(run)).fields) {
        if (field["takes_effect"] == "next run") continue;
        names += (names.empty() ? "" : ", ") + field["name"].get<std::string>();
        if (field["name"] != name) continue;
        const bool in_range = (field["min"].is_null() || value >= field["min"].get<double>()) &&
                              (field["max"].is_null() || value <= field["max"].get<double>());
        if (!in_range)
            throw InputError(Problem{name, params["value"].dump(),
                                     "a number from " + field["min"].dump() + " to " + field["max"].dump()});
        desk_.set(run, name, value);
        return {{"takes_effect", field["takes_effect"]}};
    }
    throw InputError(Problem{
        "field", name, names.empty() ? "nothing: no field of this job changes during a run" : "one of: " + names});
}

void Service::addJobHandlers(rpc::Server& server) {
    server.answer("spec/defaults", [this](const nlohmann::json& params) {
        return nlohmann::json{{"fields", job(textOf(params, "job")).fields}};
    });
    server.answer("spec/validate", [this](const nlohmann::json& params) {
        std::vector<Problem> problems;
        const nlohmann::json spec = job(textOf(params, "job")).complete(withoutPlace(params["spec"]), problems);
        return nlohmann::json{{"problems", rpc::problemsToJson(problems)}, {"spec", spec}};
    });
    server.answer("job/start", [this](const nlohmann::json& params) { return startJob(params); });
    server.answer("job/pause", [this](const nlohmann::json& params) {
        desk_.pause(textOf(params, "run"));
        return nlohmann::json{{"state", "pausing"}};
    });
    server.answer("job/resume", [this](const nlohmann::json& params) {
        desk_.resume(textOf(params, "run"));
        return nlohmann::json{{"state", "running"}};
    });
    server.answer("job/step", [this](const nlohmann::json& params) {
        desk_.step(textOf(params, "run"));
        return nlohmann::json{{"state", "stepping"}};
    });
    server.answer("job/stop", [this](const nlohmann::json& params) {
        return nlohmann::json{{"state", desk_.stop(textOf(params, "run"))}};
    });
    server.answer("job/set", [this](const nlohmann::json& params) { return setField(params); });
    server.answer("job/list", [this](const nlohmann::json&) { return nlohmann::json{{"jobs", desk_.list()}}; });
}

}  // namespace fm
