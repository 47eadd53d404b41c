// Whoever asks without reading the answers makes neither questions nor answers pile up.
#include <QTest>

#include <atomic>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/rpc/methods.h"
#include "core/serve/side_thread.h"

namespace fm::cli {

class TestSideThread : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whoDoesNotReadIsNotServed();
};

void TestSideThread::whoDoesNotReadIsNotServed() {
    constexpr int asked = 5000, answer_bytes = 1000, room = 20;
    rpc::Outbox outbox(16, room * answer_bytes);
    rpc::Server server(outbox);
    std::atomic<int> answered{0}, accepted{0};
    SideThread side(outbox);
    server.on("study/list", [&](const nlohmann::json&, const rpc::Responder& respond) {
        side.ask(respond, [&] {
            ++answered;
            return nlohmann::json(std::string(answer_bytes, 'x'));
        });
    });
    server.on("initialize", [](const nlohmann::json&, const rpc::Responder& respond) { respond.result({}); });
    server.handleLine(rpc::requestLine(0, "initialize", {{"protocol", rpc::protocol_version}, {"client", "test"}}),
                      false);
    std::thread client([&] {
        for (int id = 1; id <= asked; ++id) {
            server.handleLine(rpc::requestLine(id, "study/list", {{"folder", "/"}}), false);
            ++accepted;
        }
    });
    QTest::qWait(300);
    QVERIFY2(answered > 0 && answered <= room + 2, std::to_string(answered).c_str());
    QVERIFY2(accepted < 1200, std::to_string(accepted).c_str());
    int taken = 0;
    while (taken < asked + 1 && outbox.take()) ++taken;  // with a reader everything is answered
    client.join();
    QCOMPARE(taken, asked + 1);
    QCOMPARE(answered.load(), asked);
}

}  // namespace fm::cli

QTEST_GUILESS_MAIN(fm::cli::TestSideThread)
#include "test_side_thread.moc"
