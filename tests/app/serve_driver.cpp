#include "tests/app/serve_driver.h"

#include <QElapsedTimer>
#include <QThread>
#include <stdexcept>

#include "core/store/run_reader.h"

namespace fm::testing {

namespace {
constexpr int kTimeoutMs = 90000;
}

ServeDriver::ServeDriver(const QStringList& command) {
    process_.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process_.start(command.first(), command.mid(1));
    if (!process_.waitForStarted(kTimeoutMs)) throw std::runtime_error("the engine does not start");
}

ServeDriver::~ServeDriver() { kill(); }

void ServeDriver::write(const std::string& bytes) {
    process_.write(bytes.data(), static_cast<qint64>(bytes.size()));
    process_.waitForBytesWritten(kTimeoutMs);
}

Json ServeDriver::next() {
    QElapsedTimer timer;
    timer.start();
    while (!process_.canReadLine()) {
        if (timer.elapsed() > kTimeoutMs) throw std::runtime_error("the engine says nothing");
        if (!process_.waitForReadyRead(1000) && process_.state() == QProcess::NotRunning && !process_.canReadLine())
            throw std::runtime_error("the engine is gone");
    }
    return Json::parse(process_.readLine().toStdString());  // throws for what is no protocol
}

Json ServeDriver::call(const std::string& method, const Json& params) {
    const int id = next_id_++;
    write(Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump() + "\n");
    while (true) {
        Json message = next();
        if (!message.contains("method") && message["id"] == id) return message;
        notes.push_back(std::move(message));
    }
}

Json ServeDriver::ask(const std::string& method, const Json& params) {
    const Json answer = call(method, params);
    if (answer.contains("error")) throw std::runtime_error(method + ": " + answer["error"].dump());
    return answer["result"];
}

int ServeDriver::codeOf(const std::string& method, const Json& params) {
    const Json answer = call(method, params);
    return answer.contains("error") ? answer["error"]["code"].get<int>() : 0;
}

Json ServeDriver::until(const std::function<bool(const Json&)>& wanted) {
    for (const Json& note : notes)
        if (note.contains("method") && wanted(note)) return note;
    while (true) {
        notes.push_back(next());
        if (notes.back().contains("method") && wanted(notes.back())) return notes.back();
    }
}

Json ServeDriver::untilEnd(const std::string& run) {
    const Json note = until([&run](const Json& message) {
        if (message["method"] != "job" || message["params"]["run"] != run) return false;
        const std::string state = message["params"]["state"].get<std::string>();
        return state == "finished" || state == "failed" || state == "cancelled";
    });
    return note["params"];
}

void ServeDriver::initialize() { ask("initialize", {{"protocol", 3}, {"client", "test"}}); }

int ServeDriver::exitCode() {
    if (!process_.waitForFinished(kTimeoutMs)) throw std::runtime_error("the engine does not end");
    return process_.exitStatus() == QProcess::NormalExit ? process_.exitCode() : -1;
}

int ServeDriver::shutdown() {
    ask("shutdown");
    return exitCode();
}

int ServeDriver::closeInput() {
    process_.closeWriteChannel();
    return exitCode();
}

void ServeDriver::kill() {
    if (process_.state() == QProcess::NotRunning) return;
    process_.kill();
    process_.waitForFinished(kTimeoutMs);
}

void ServeDriver::sleepWithoutReading(int ms) { QThread::msleep(static_cast<unsigned long>(ms)); }

void createTinyStudy(ServeDriver& engine, const std::string& folder) {
    const std::string resources = std::string(FM_SOURCE_DIR) + "/resources";
    const Json params = {{"path", folder},
                         {"teacher", resources + "/models/fm-tiny"},
                         {"branches", resources + "/models/fm-tiny/branches.safetensors"}};
    engine.ask("study/create", params);
}

std::vector<std::string> differingColumns(const std::string& run_file, const std::string& other) {
    const RunReader a(run_file), b(other);
    std::vector<std::string> differing;
    for (std::size_t t = 0; t < a.header().tables.size(); ++t) {
        const std::int64_t rows = a.rows(static_cast<int>(t));
        if (rows != b.rows(static_cast<int>(t))) differing.push_back(a.header().tables[t].name + ": rows");
        const std::vector<Column>& columns = a.header().tables[t].columns;
        for (std::size_t c = 0; c < columns.size(); ++c) {
            if (columns[c].path.ends_with("wall_ms")) continue;
            if (a.readRaw(static_cast<int>(t), static_cast<int>(c), rows) !=
                b.readRaw(static_cast<int>(t), static_cast<int>(c), b.rows(static_cast<int>(t))))
                differing.push_back(columns[c].path);
        }
    }
    return differing;
}

}  // namespace fm::testing
