// plan/measure, plan/stop: a probe that answers part by part, between the micro-batches of a job, and gives way to the
// next one.
#include <chrono>

#include "core/jobs/probe_measurement.h"
#include "core/plan/plan_json.h"
#include "core/rpc/methods.h"
#include "core/serve/service.h"

namespace fm {

namespace {

// A part takes at least one batch of the probe; small batches are joined up to this, so that a job's steps between the
// parts do not make a probe last for minutes.
constexpr std::chrono::milliseconds kPart{250};

}  // namespace

// One plan/measure under way. Computing thread.
struct Service::Measuring {
    rpc::Responder respond;
    nlohmann::json spec;
    std::uint64_t turn = 0;
    std::shared_ptr<StudySession> session;  // outlives the measurement, also when another study is opened
    std::unique_ptr<ProbeMeasurement> measurement;

    nlohmann::json scoresSoFar() {
        nlohmann::json json = scoresJson(measurement->scores());
        json["plan"] = planJson(measurement->plan());
        json["hybrid"] = spec["hybrid"];
        return json;
    }
};

void Service::beginMeasuring(const nlohmann::json& params, const rpc::Responder& respond, std::uint64_t turn) {
    try {
        const auto measuring =
            std::make_shared<Measuring>(Measuring{respond, probeSpecOf(params), turn, nullptr, nullptr});
        measuring->session = workplace_->keptSession();
        ProbeSpec spec;
        specFromJson(measuring->spec, spec);
        measuring->measurement = std::make_unique<ProbeMeasurement>(spec, *measuring->session);
        goOnMeasuring(measuring);
    } catch (...) {
        respond.fail(std::current_exception());
    }
}

void Service::goOnMeasuring(const std::shared_ptr<Measuring>& measuring) {
    try {
        const auto end = std::chrono::steady_clock::now() + kPart;
        const auto stopped = [&] { return measuring->turn != measure_turn_ || closing_; };
        while (!stopped() && measuring->measurement->advance() && std::chrono::steady_clock::now() < end) {
        }
        if (!stopped() && measuring->measurement->scores().complete()) {
            // Everything is measured and kept: the job only writes it down.
            nlohmann::json answer = finishedProbe(measuring->spec);
            answer["hybrid"] = measuring->spec["hybrid"];
            return measuring->respond.result(answer);
        }
        nlohmann::json scores = measuring->scoresSoFar();
        if (!stopped()) {
            outbox_.push(rpc::notificationLine(rpc::notification::measured, scores));
            return desk_.post([this, measuring] { goOnMeasuring(measuring); });
        }
        scores["run"] = "";
        scores["cached"] = false;
        measuring->respond.result(scores);
    } catch (...) {
        measuring->respond.fail(std::current_exception());
    }
}

void Service::addMeasureHandlers(rpc::Server& server) {
    server.on("plan/measure", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        const std::uint64_t turn = ++measure_turn_;
        desk_.post([this, params, respond, turn] { beginMeasuring(params, respond, turn); });
    });
    server.answer("plan/stop", [this](const nlohmann::json&) {
        ++measure_turn_;
        return nlohmann::json::object();
    });
}

}  // namespace fm
