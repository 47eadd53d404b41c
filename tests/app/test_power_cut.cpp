// Jobs whose every change of the study is recorded (tests/support/file_log.cpp) and cut off at every moment: whatever
// had not been synced by then may be lost, or be there without its name or its content. study.json always parses and
// what it names is complete; a run file is the old one or can be read; a checkpoint is whole.
#include <ATen/ATen.h>

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "core/store/study_json.h"
#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"
#include "tests/support/power_cut.h"

namespace fm::testing {

namespace {

const QStringList kShared = {"--tasks", "single,copy", "--lengths", "96", "--tokens-per-step", "384"};

// Looks at one state of the study after another and remembers what it has looked at.
class StudyCheck {
public:
    StudyCheck(Files before, Files after) : before_(std::move(before)), after_(std::move(after)) {}

    // What is wrong, or "".
    std::string problem(const Files& files) {
        for (const auto& [path, bytes] : before_)
            if ((path == "study.json" || path.ends_with(".h5")) && !files.contains(path)) return path + " is gone";
        for (const auto& [path, bytes] : files) {
            std::string wrong;
            if (path.starts_with("runs/") && path.ends_with(".h5")) wrong = remembered(path, bytes, &StudyCheck::run);
            if (path.ends_with(".state.safetensors")) wrong = remembered(path, bytes, &StudyCheck::checkpoint);
            if (!wrong.empty()) return path + ": " + wrong;
        }
        const auto study = files.find("study.json");
        return study == files.end() ? "" : artifacts(*study->second, files);
    }

private:
    using Look = std::string (StudyCheck::*)(const std::string& path, const std::string& bytes);
    std::string remembered(const std::string& path, const Bytes& bytes, Look look) {
        if (seen_.size() > 200) seen_.clear();  // each keeps its bytes alive
        const auto [entry, is_new] = seen_.try_emplace({path, bytes}, "");
        if (is_new) entry->second = (this->*look)(path, *bytes);
        return entry->second;
    }
    std::string copy(const std::string& name, const std::string& bytes) const {
        QFile file(folder_.filePath(QString::fromStdString(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes.data(), static_cast<qint64>(bytes.size())) < 0)
            throw WorldError("the copy cannot be written");
        return file.fileName().toStdString();
    }
    std::string run(const std::string& path, const std::string& bytes) {
        if (const auto old = before_.find(path); old != before_.end() && *old->second == bytes) return "";
        try {
            RunReader reader(copy("run.h5", bytes));
            return reader.header().run_id.empty() ? "has no run id" : "";
        } catch (const WorldError& error) {
            return error.what();
        }
    }
    std::string checkpoint(const std::string&, const std::string& bytes) {
        try {
            SafetensorsFile::open(copy("checkpoint", bytes));
            return "";
        } catch (const WorldError& error) {
            return error.what();
        }
    }
    // What a study names never changes: it must be there as it is in the end.
    std::string artifacts(const std::string& json, const Files& files) {
        StudyInfo info;
        try {
            info = studyFromJson(json);
        } catch (const WorldError& error) {
            return std::string("study.json: ") + error.what();
        }
        for (const auto& [id, artifact] : info.artifacts) {
            if (artifact.path.empty()) continue;
            bool known = false;
            for (const auto& [path, bytes] : after_) {
                if (!bytes || (path != artifact.path && !path.starts_with(artifact.path + "/"))) continue;
                known = true;
                const auto found = files.find(path);
                if (found == files.end()) return path + " is missing and study.json names it";
                if (!remembered(path, found->second, &StudyCheck::same).empty()) return path + " is not complete";
            }
            if (!known) return artifact.path + " is nowhere";
        }
        return "";
    }
    std::string same(const std::string& path, const std::string& bytes) {
        return *after_.at(path) == bytes ? "" : "differs";
    }

    Files before_, after_;
    QTemporaryDir folder_;
    std::map<std::pair<std::string, Bytes>, std::string> seen_;
};

}  // namespace

class TestPowerCut : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void align() { job({"align", "--steps", "4", "--retrieval-share", "0.5", "--checkpoint-every", "2"}, kShared); }
    void gates() { job({"gates", "--steps", "6", "--budget", "1", "--checkpoint-every", "2"}, kShared); }
    void resume();
    void distill() {
        job({"distill", "--steps", "3", "--tune-steps", "2", "--layers", "1", "--checkpoint-every", "2"}, kShared);
    }
    void exporting() { job({"export", "--layers", "0,1,2", "--dtype", "f32"}, {}); }

private:
    void job(const QStringList& verb, const QStringList& more);

    std::unique_ptr<TinyStudy> study_;
    std::string root_;
};

void TestPowerCut::initTestCase() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    QSKIP("a sanitizer wants to be the first library that is loaded");
#endif
    qputenv("OMP_NUM_THREADS", "1");
    study_ = std::make_unique<TinyStudy>();
    root_ = QDir::cleanPath(study_->path()).toStdString();
}

void TestPowerCut::job(const QStringList& verb, const QStringList& more) {
    const QTemporaryDir folder;
    const QString log = folder.filePath("log");
    const Files before = filesBelow(root_);
    qputenv("FM_FILE_LOG", log.toUtf8());
    qputenv("FM_FILE_LOG_ROOT", root_.c_str());
    qputenv("LD_PRELOAD", FM_FILE_LOG_LIBRARY);
    const ProgramRun run = runFlashmorph(verb + more + study_->options());
    for (const char* name : {"FM_FILE_LOG", "FM_FILE_LOG_ROOT", "LD_PRELOAD"}) qunsetenv(name);
    QVERIFY2(run.exit_code == 0, run.err.constData());
    const Files after = filesBelow(root_);
    StudyCheck check(before, after);
    PowerCut cut(root_, before);
    std::set<std::string> problems;
    const std::int64_t states = cut.replay(log.toStdString(), [&](const Files& files, const std::string& where) {
        const std::string problem = check.problem(files);
        if (!problem.empty() && problems.insert(problem).second) qWarning("%s\n  %s", problem.c_str(), where.c_str());
        return problems.size() < 5;
    });
    QVERIFY(problems.empty());
    QVERIFY2(states > 100, "nothing was recorded");
    qInfo("%lld states", static_cast<long long>(states));
    // The record is complete: replayed without a cut it gives what is there.
    const Files replayed = cut.files();
    for (const auto& [path, bytes] : after)
        QVERIFY2(!bytes || (replayed.contains(path) && *replayed.at(path) == *bytes), path.c_str());
    for (const auto& [path, bytes] : replayed) QVERIFY2(after.contains(path), path.c_str());
}

// Of a run that was killed: the file that is replaced is the only copy of its rows.
void TestPowerCut::resume() {
    const QStringList before = study_->runIds();
    QProcess process;
    process.start(FM_PROGRAM, QStringList{"gates", "--steps", "60", "--budget", "1", "--checkpoint-every", "2"} +
                                  kShared + study_->options());
    const auto killable = [&] {
        return !QDir(study_->path("runs")).entryList({"*.state.safetensors"}, QDir::Files).isEmpty();
    };
    QElapsedTimer clock;
    clock.start();
    while (!killable() && clock.elapsed() < 30'000) process.waitForFinished(5);
    process.kill();
    process.waitForFinished(10'000);
    QCOMPARE(study_->runIds().size(), before.size() + 1);
    job({"gates", "--resume", study_->runIds().last()}, {});
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestPowerCut)
#include "test_power_cut.moc"
