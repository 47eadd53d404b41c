// Talks to a real engine process, one message after the other.
#pragma once

#include <QProcess>
#include <QStringList>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace fm::testing {

using Json = nlohmann::json;

// Failures are exceptions: a test that meets one fails with their text.
class ServeDriver {
public:
    explicit ServeDriver(const QStringList& command);
    ~ServeDriver();  // kills what is still there

    void write(const std::string& bytes);
    Json next();  // the next message, whatever it is
    // Answer to a request; notifications in between are kept in `notes`.
    Json call(const std::string& method, const Json& params = Json::object());
    Json ask(const std::string& method, const Json& params = Json::object());    // its result; throws on an error
    int codeOf(const std::string& method, const Json& params = Json::object());  // of its error; 0: none
    Json until(const std::function<bool(const Json& note)>& wanted);  // the first kept or coming notification
    Json untilEnd(const std::string& run);                            // `job` notification of its end

    void initialize();
    int shutdown();  // exit code
    int closeInput();
    void kill();  // -9
    // Lets the process write and does not read for so long.
    void sleepWithoutReading(int ms);

    std::vector<Json> notes;

private:
    int exitCode();
    QProcess process_;
    int next_id_ = 1;
};

// A study around the built-in teacher with its branch set, made by `engine`.
void createTinyStudy(ServeDriver& engine, const std::string& folder);

// Columns that differ between two run files, times left out; empty when they are the same bit for bit.
std::vector<std::string> differingColumns(const std::string& run_file, const std::string& other);

}  // namespace fm::testing
