#include "tests/fake_engine/fake_service.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/base/error.h"
#include "core/engine/gates_spec.h"
#include "core/jobs/field_json.h"
#include "core/plan/plan_cost.h"
#include "core/plan/plan_json.h"
#include "core/plan/plan_spelling.h"
#include "core/rpc/methods.h"
#include "core/run/event_json.h"
#include "core/run/run_id.h"
#include "core/store/run_reader.h"
#include "core/store/run_rows.h"
#include "core/store/run_writer.h"
#include "core/store/study.h"
#include "tests/fake_engine/fake_scores.h"

namespace fm::fake {

using Json = nlohmann::json;

namespace {

constexpr std::chrono::milliseconds kPart{30};
constexpr std::int64_t kPartSequences = 6;

const ModelShape kShape{num_layers, 128, 384, 4, 2, 32, 1024, 512, true};

Plan planOf(const Json& params) { return parsePlanKey(params.value("plan", ""), num_layers); }

Json costAnswer(const Plan& plan) {
    Json answer = costJson(planCost(kShape, plan));
    answer["full_layers"] = plan.budget();
    return answer;
}

// Sends a run's events; the fake's own, so that it does not test the engine's with itself.
class Sender final : public EventSink {
public:
    Sender(rpc::Outbox& outbox, std::string run, std::int64_t first)
        : outbox_(outbox), run_(std::move(run)), next_row_(first) {}
    void post(const RunEvent& event) override {
        rpc::RunNotice notice{run_, event};
        if (std::holds_alternative<RunOpened>(event.body)) notice.rows = {next_row_};
        if (std::holds_alternative<RowAppended>(event.body)) notice.row = next_row_++;
        outbox_.push(std::move(notice));
    }

private:
    rpc::Outbox& outbox_;
    std::string run_;
    std::int64_t next_row_;
};

Json listRuns(const std::string& folder) {
    Json runs = Json::array();
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        const RunSummary run = summarizeRun(entry.path().string());
        if (!run.problem.empty()) continue;
        runs.push_back({{"run", run.run_id},
                        {"job", run.job},
                        {"state", run.interrupted ? "interrupted" : toString(run.state)},
                        {"spec", Json::parse(run.spec_json)},
                        {"device", run.device},
                        {"parents", run.parents},
                        {"rows", run.rows},
                        {"problem", ""}});
    }
    return {{"runs", runs}};
}

Json fetchRows(const std::string& folder, const Json& params) {
    constexpr std::int64_t most_rows = 100;  // few, so that clients must ask again
    const RunReader reader(folder + "/" + params["run"].get<std::string>() + ".h5");
    const std::string name = params["table"].get<std::string>();
    int table = 0;
    for (const Table& each : tablesWithEvents(reader.header().tables)) {
        if (each.name == name) break;
        ++table;
    }
    const std::int64_t first = params["first"].get<std::int64_t>();
    const std::int64_t count = std::min(most_rows, params["count"].get<std::int64_t>());
    Json rows = Json::array();
    for (const Row& row : readRows(reader, table, first, count))
        rows.push_back(eventToJson({0, 0, RowAppended{table, row}})["body"]["row"]);
    return {{"table", params["table"]},          {"first", first},
            {"total", countRows(reader, table)}, {"rows", rows},
            {"state", toString(reader.state())}, {"header", eventToJson({0, 0, reader.header()})["body"]}};
}

}  // namespace

Json FakeService::study(const Json& params) const {
    const std::string folder = runs_folder_.empty() ? "/fake/study" : runs_folder_.substr(0, runs_folder_.rfind('/'));
    return {
        {"study",
         {{"path", folder},
          {"place", folderPlace(params.value("path", ""))},
          {"name", "fake"},
          {"notes", ""},
          {"teacher_path", "/fake/teacher"},
          {"teacher_hash", "fa4e"},
          {"text_path", ""},
          {"chat", "base"},
          {"labels", Json::object()},
          {"artifacts",
           {{"branches",
             {{"kind", "branch set"}, {"path", "branches/b.safetensors"}, {"made_by", ""}, {"parents", {"fa4e"}}}}}}}},
        {"shape",
         {{"num_layers", kShape.num_layers},
          {"hidden_size", kShape.hidden_size},
          {"intermediate_size", kShape.intermediate_size},
          {"num_heads", kShape.num_heads},
          {"num_kv_heads", kShape.num_kv_heads},
          {"head_dim", kShape.head_dim},
          {"vocab_size", kShape.vocab_size},
          {"max_position", kShape.max_position},
          {"tie_embeddings", kShape.tie_embeddings}}},
        {"tasks", {"mk8q4", "hop4q4"}},
        {"lengths", {256}}};
}

void FakeService::tell(const Job& job, const std::string& text) {
    outbox_.push(rpc::notificationLine(rpc::notification::job, {{"run", job.run},
                                                                {"job", "gates"},
                                                                {"state", job.state},
                                                                {"text", text},
                                                                {"problems", Json::array()},
                                                                {"result", nullptr}}));
}

Json FakeService::start(const Json& params) {
    if (params["job"] != "gates") throw InputError(Problem{"job", params["job"].get<std::string>(), "gates"});
    GatesSpec spec;
    const std::vector<Problem> problems = specFromJson(params.value("spec", Json::object()), spec);
    if (!problems.empty()) throw InputError(problems);
    const std::lock_guard lock(mutex_);
    Job& job = jobs_.emplace_back();
    job.resume = params.value("resume", "");
    job.run = job.resume.empty() ? makeRunId("gates") : job.resume;
    job.spec = specToJson(spec);
    tell(job);
    changed_.notify_all();
    return {{"run", job.run}, {"state", job.state}};
}

void FakeService::control(const std::string& run, const std::function<void(Job&)>& change) {
    const std::lock_guard lock(mutex_);
    for (Job& job : jobs_) {
        if (job.run != run || job.state != "running") continue;
        change(job);
        return;
    }
    throw rpc::RpcError(rpc::ErrorCode::WrongState, "that job is not running");
}

// Part by part, as slowly as a small engine; what a plan has got stays when it is left.
void FakeService::measure(const Json& params, const rpc::Responder& respond) {
    const Plan plan = planOf(params);
    measuring_ = {};  // ends the one before, and waits for it
    measuring_ = std::jthread([this, plan, respond](std::stop_token stop) {
        std::int64_t& done = measured_[plan.key()];
        while (done < kPlannedSequences && !stop.stop_requested()) {
            std::this_thread::sleep_for(kPart);
            done = std::min(done + kPartSequences, kPlannedSequences);
            if (done < kPlannedSequences)
                outbox_.push(rpc::notificationLine(rpc::notification::measured, fakeScores(plan, done)));
        }
        Json answer = fakeScores(plan, done);
        answer["run"] = done < kPlannedSequences ? "" : makeRunId("probe");
        answer["cached"] = false;
        respond.result(answer);
    });
}

void FakeService::addJobHandlers(rpc::Server& server) {
    const auto run = [](const Json& params) { return params["run"].get<std::string>(); };
    server.answer("job/start", [this](const Json& params) { return start(params); });
    server.answer("job/pause", [this, run](const Json& params) {
        control(run(params), [](Job& job) { job.control.pause(); });
        return Json{{"state", "pausing"}};
    });
    server.answer("job/resume", [this, run](const Json& params) {
        control(run(params), [](Job& job) { job.control.resume(); });
        return Json{{"state", "running"}};
    });
    server.answer("job/step", [this, run](const Json& params) {
        control(run(params), [](Job& job) { job.control.stepOnce(); });
        return Json{{"state", "stepping"}};
    });
    server.answer("job/stop", [this, run](const Json& params) {
        control(run(params), [](Job& job) { job.control.stop(); });
        return Json{{"state", "stopping"}};
    });
    server.answer("job/set", [this, run](const Json& params) {
        control(run(params), [&params](Job& job) {
            job.control.set(params["field"].get<std::string>(), params["value"].get<double>());
        });
        return Json{{"takes_effect", "next step"}};
    });
    server.answer("spec/defaults", [](const Json&) { return Json{{"fields", fieldsJson(GatesSpec{})}}; });
    server.answer("spec/validate", [](const Json& params) {
        GatesSpec spec;
        const std::vector<Problem> problems = specFromJson(params["spec"], spec);
        return Json{{"problems", rpc::problemsToJson(problems)}, {"spec", specToJson(spec)}};
    });
}

void FakeService::addHandlers(rpc::Server& server) {
    server.answer("initialize", [](const Json&) {
        return Json{{"protocol", rpc::protocol_version},
                    {"software", "fake engine"},
                    {"capabilities",
                     {{"devices", {{{"name", "cpu"}, {"text", "no device"}}}},
                      {"kernels", "none"},
                      {"formats", Json::array()},
                      {"export_targets", Json::array()},
                      {"jobs", {{{"name", "gates"}, {"help", "invented gates"}, {"needs_study", true}}}}}}};
    });
    server.on("shutdown", [this](const Json&, const rpc::Responder& respond) {
        {
            const std::lock_guard lock(mutex_);
            shutdown_ = respond;
        }
        close();
    });
    server.answer("study/open", [this](const Json& params) { return study(params); });
    server.answer("run/list", [this](const Json&) { return listRuns(runs_folder_); });
    server.answer("run/fetch", [this](const Json& params) { return fetchRows(runs_folder_, params); });
    server.answer("plan/cost", [](const Json& params) { return costAnswer(planOf(params)); });
    server.on("plan/measure", [this](const Json& params, const rpc::Responder& respond) { measure(params, respond); });
    server.answer("plan/stop", [this](const Json&) {
        measuring_.request_stop();
        return Json::object();
    });
    addJobHandlers(server);
}

void FakeService::play(Job& job) {
    std::int64_t first = 0;
    std::unique_ptr<RunWriter> file;
    std::vector<EventSink*> sinks;
    FakeRunOptions options = options_;
    options.budget = job.spec["budget"].get<int>();
    if (!runs_folder_.empty() && !job.resume.empty()) {
        const std::string path = runs_folder_ + "/" + job.resume + ".h5";
        first = RunReader(path).rows(0);
        file = RunWriter::resume(path, {{"steps", first}});
        options.crash_at = -1;  // it has crashed once
    } else if (!runs_folder_.empty()) {
        file = RunWriter::inFolder(runs_folder_);
    }
    if (file) sinks.push_back(file.get());
    Sender sender(outbox_, job.run, first);
    sinks.push_back(&sender);
    JobContext context(job.control, sinks);
    std::string end = "finished", text;
    try {
        context.open(fakeHeader(job.run, job.spec.dump()));
        runFakeGates(options, first, context);
        context.state(RunState::Finished);
        if (file) file->close();
    } catch (const Cancelled& cancelled) {
        context.state(RunState::Cancelled, cancelled.what());
        end = "cancelled";
        text = cancelled.what();
    }
    const std::lock_guard lock(mutex_);
    job.state = end;
    tell(job, text);
}

void FakeService::run() {
    std::unique_lock lock(mutex_);
    while (!closed_) {
        const auto next =
            std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.state == "queued"; });
        if (next == jobs_.end()) {
            changed_.wait(lock);
            continue;
        }
        next->state = "running";
        tell(*next);
        lock.unlock();
        play(*next);
        lock.lock();
    }
}

void FakeService::close() {
    measuring_ = {};
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (Job& job : jobs_) job.control.stop();
    changed_.notify_all();
}

void FakeService::finish() {
    const std::lock_guard lock(mutex_);
    if (shutdown_) shutdown_->result(Json::object());
}

}  // namespace fm::fake
