// The folder of an export: complete or absent, never mixed, never at the cost of anybody else's files, and every byte
// of it checked.
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/export/finished_export.h"
#include "core/export/model_folder.h"
#include "core/export/partial_folder.h"
#include "core/export/reload.h"
#include "core/model/tensor_bytes.h"
#include "tests/export/export_fixture.h"
#include "tests/formats/oracle_python.h"

using namespace fm;
using namespace fm::testing;
namespace fs = std::filesystem;

namespace {

void writeText(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

std::string textOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

// What a process leaves that is killed while it fills a folder for `target`; the folder's path.
std::string abandonedBy(const std::string& target) {
    int told[2];
    if (pipe(told) != 0) return {};
    const pid_t child = fork();
    if (child == 0) {
        const PartialFolder* folder = new PartialFolder(target);
        writeText(fs::path(folder->path()) / "model.safetensors", "half");
        [[maybe_unused]] const ssize_t sent = write(told[1], folder->path().data(), folder->path().size());
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    char path[4096];
    const ssize_t got = read(told[0], path, sizeof path);
    close(told[0]);
    close(told[1]);
    return std::string(path, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

std::string messageOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const WorldError& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class TestExportFolder : public QObject {
    Q_OBJECT

private:
    const ExportModel model_ = exportModel(exportConfig(ModelFamily::Llama, 2));

    ExportRequest request(const QTemporaryDir& dir, const std::vector<int>& full = {1}) const {
        return exportRequest(model_.hybrid(full), "fla", dir.filePath("out").toStdString());
    }
    static std::string tokenizers(const QTemporaryDir& dir) {
        const fs::path folder = dir.filePath("model").toStdString();
        writeText(folder / "tokenizer.json", "{}");
        writeText(folder / "merges.txt", "a b\n");
        return folder.string();
    }

private Q_SLOTS:
    void nothingComparedIsNoGoodExport() {
        QVERIFY(!std::isfinite(LogitError().max_abs));
        QVERIFY(LogitError().greedy_agreement == 0);
        const QTemporaryDir dir;
        ExportRequest damaged = request(dir);
        // A writer and a re-loader that disagree about a name: the file changes between being written and being read.
        damaged.between_stages = [&dir] {
            for (const std::string& name : namesIn(dir.path().toStdString())) {
                const std::string path =
                    dir.filePath(QString::fromStdString(name)).toStdString() + "/model.safetensors";
                if (!fs::exists(path)) continue;
                std::string bytes = textOf(path);
                const std::size_t at = bytes.find("model.norm.weight");
                if (at == std::string::npos) continue;
                bytes[at + 6] = 'N';
                writeText(path, bytes);
            }
        };
        const std::string message = messageOf([&] { (void)exportHybrid(damaged); });
        QVERIFY2(message.find("model.norm.weight is missing") != std::string::npos, message.c_str());
        QVERIFY(namesIn(dir.path().toStdString()).empty());
    }

    void foldersOfOthersStay() {
        const QTemporaryDir dir;
        const fs::path parent = dir.path().toStdString();
        writeText(parent / "out.partial" / "mine.txt", "keep");
        writeText(parent / ".out.0123456789abcdef.partial" / "mine.txt", "keep");
        writeText(parent / ".out.0123456789abcdee.partial" / ".flashmorph-export", "somebody else's marker\n");
        QVERIFY(exportHybrid(request(dir)).written());
        QCOMPARE(QString::fromStdString(textOf(parent / "out.partial" / "mine.txt")), QString("keep"));
        QCOMPARE(QString::fromStdString(textOf(parent / ".out.0123456789abcdef.partial" / "mine.txt")),
                 QString("keep"));
        QVERIFY(fs::exists(parent / ".out.0123456789abcdee.partial"));
        QVERIFY(!fs::exists(parent / "out" / ".flashmorph-export"));
    }

    void whatAKilledExportLeftIsRemovedAndWhatIsInWorkIsNot() {
        const QTemporaryDir dir;
        const std::string abandoned = abandonedBy(dir.filePath("old").toStdString());
        QVERIFY(fs::exists(abandoned + "/model.safetensors"));
        const PartialFolder in_work(dir.filePath("other").toStdString());
        const PartialFolder next(dir.filePath("next").toStdString());
        QVERIFY(!fs::exists(abandoned));
        QVERIFY(fs::exists(in_work.path()) && in_work.path() != next.path());
    }

    void nothingIsReplaced() {
        const QTemporaryDir dir;
        const std::string path = dir.filePath("out").toStdString();
        PartialFolder folder(path);
        writeText(fs::path(folder.path()) / "x", "new");
        fs::create_directory(path);  // empty: a plain rename would replace it
        const std::string message = messageOf([&] { folder.commit(); });
        QVERIFY2(message.find("has appeared during the export") != std::string::npos, message.c_str());
        QVERIFY(fs::is_empty(path));
    }

    void twoExportsToOneFolderNeverMix() {
        for (int round = 0; round < 8; ++round) {
            const QTemporaryDir dir;
            std::atomic<int> written{0};
            const auto run = [&](const std::vector<int>& full) {
                try {
                    if (exportHybrid(request(dir, full)).written()) ++written;
                } catch (const std::runtime_error&) {  // the loser is told so
                }
            };
            std::thread other(run, std::vector<int>{0});
            run({1});
            other.join();
            QCOMPARE(written.load(), 1);
            const std::string out = dir.filePath("out").toStdString();
            QVERIFY(verifyExport(out).passed());
            const nlohmann::json manifest = nlohmann::json::parse(textOf(out + "/flashmorph.json"));
            const nlohmann::json config = nlohmann::json::parse(textOf(out + "/config.json"));
            QVERIFY(manifest["full_layers"] == config["attn"]["layers"]);
            QCOMPARE(namesIn(dir.path().toStdString()).size(), std::size_t(1));
        }
    }

    void everyByteIsChecked() {
        const QTemporaryDir dir;
        ExportRequest wanted = request(dir);
        wanted.tokenizer_folder = tokenizers(dir);
        const std::string out = exportHybrid(wanted).folder;
        QVERIFY(verifyExport(out).passed());
        const std::vector<std::string> names = namesIn(out);
        QCOMPARE(names.size(), std::size_t(10));  // the folder's own README lists them
        for (const std::string& name : names) {
            const std::string bytes = textOf(fs::path(out) / name);
            std::string damaged = bytes;
            damaged[damaged.size() / 2] ^= 1;
            writeText(fs::path(out) / name, damaged);
            bool passed = true;
            try {
                passed = verifyExport(out).passed();
            } catch (const std::runtime_error&) {  // what cannot be read at all
                passed = false;
            }
            QVERIFY2(!passed, name.c_str());
            fs::remove(fs::path(out) / name);
            try {
                passed = verifyExport(out).passed();
            } catch (const std::runtime_error&) {
                passed = false;
            }
            QVERIFY2(!passed, name.c_str());
            writeText(fs::path(out) / name, bytes);
        }
        QVERIFY(verifyExport(out).passed());
    }

    // Another implementation's hashes of the same files.
    void theListIsXxh128() {
        FM_NEED_ORACLE_PYTHON("xxhash");
        const QTemporaryDir dir;
        const std::string out = exportHybrid(request(dir)).folder;
        QProcess python;
        python.setWorkingDirectory(QString::fromStdString(out));
        python.start(oraclePython(), {"-c",
                                      "import xxhash\n"
                                      "for line in open('checksums.xxh128'):\n"
                                      "    digest, name = line.rstrip('\\n').split('  ')\n"
                                      "    assert xxhash.xxh3_128_hexdigest(open(name, 'rb').read()) == digest, name\n"
                                      "    print(name)\n"});
        QVERIFY(python.waitForFinished());
        QVERIFY2(python.exitCode() == 0, python.readAllStandardError().constData());
        QCOMPARE(python.readAllStandardOutput().count('\n'), static_cast<qsizetype>(namesIn(out).size() - 1));
    }

    void tokenizerFilesAreRegularFilesOfTheModel() {
        const QTemporaryDir dir;
        const fs::path folder = tokenizers(dir);
        QCOMPARE(tokenizerFiles(folder.string()).size(), std::size_t(2));
        const auto refused = [&](const char* name, const char* why) {
            const std::string message = messageOf([&] { (void)tokenizerFiles(folder.string()); });
            fs::remove_all(folder / name);
            return message.find(name) != std::string::npos && message.find(why) != std::string::npos;
        };
        fs::create_directory(folder / "added_tokens.json");
        QVERIFY(refused("added_tokens.json", "is not a regular file"));
        QCOMPARE(mkfifo((folder / "vocab.json").c_str(), 0600), 0);
        QVERIFY(refused("vocab.json", "is not a regular file"));
        fs::create_symlink("/dev/zero", folder / "vocab.json");
        QVERIFY(refused("vocab.json", "outside of the model's folder"));
        fs::create_symlink("/etc/passwd", folder / "vocab.json");
        QVERIFY(refused("vocab.json", "outside of the model's folder"));
        fs::create_symlink("nowhere", folder / "vocab.json");
        QVERIFY(refused("vocab.json", "No such file"));
        QCOMPARE(tokenizerFiles(folder.string()).size(), std::size_t(2));
    }

    // The hub's cache: the files of a snapshot are links to blobs beside it.
    void linksInsideTheHubsCacheAreFollowed() {
        const QTemporaryDir dir;
        const fs::path model = fs::path(dir.path().toStdString()) / "models--org--name";
        writeText(model / "blobs" / "a1", "{\"x\": 1}");
        fs::create_directories(model / "snapshots" / "r1");
        fs::create_symlink("../../blobs/a1", model / "snapshots" / "r1" / "tokenizer.json");
        const std::vector<TokenizerFile> files = tokenizerFiles((model / "snapshots" / "r1").string());
        QCOMPARE(files.size(), std::size_t(1));
        QCOMPARE(QString::fromStdString(files[0].content), QString("{\"x\": 1}"));
    }

    void aStopLeavesNothing() {
        const QTemporaryDir dir;
        for (int stop_at = 0; stop_at < 5; ++stop_at) {
            ExportRequest stopped = request(dir);
            int stage = 0;
            stopped.between_stages = [&] {
                if (stage++ == stop_at) throw Cancelled();
            };
            QVERIFY_EXCEPTION_THROWN((void)exportHybrid(stopped), Cancelled);
            QVERIFY(namesIn(dir.path().toStdString()).empty());
        }
    }

    void aRunKnowsItsOwnFolderAgain() {
        const QTemporaryDir dir;
        ExportRequest wanted = request(dir);
        wanted.run_id = "20260101T000000Z-export-abcdef";
        const ExportResult written = exportHybrid(wanted);
        QVERIFY(!finishedExport(written.folder, "20260101T000000Z-export-abcdee"));
        QVERIFY(!finishedExport(written.folder, ""));
        QVERIFY(!finishedExport(dir.filePath("nowhere").toStdString(), wanted.run_id));
        const std::optional<ExportResult> again = finishedExport(written.folder, wanted.run_id);
        QVERIFY(again.has_value());
        QVERIFY(toJson(again->verdict) == toJson(written.verdict));
        writeText(fs::path(written.folder) / "README.md", "other");
        const std::string message = messageOf([&] { (void)finishedExport(written.folder, wanted.run_id); });
        QVERIFY2(message.find("README.md is not the one") != std::string::npos, message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestExportFolder)
#include "test_export_folder.moc"
