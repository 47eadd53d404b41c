// Small files: hashes, atomic replacement, JSON-line records.
#include <sys/resource.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/run/event_json.h"
#include "core/run/jsonl_sink.h"

namespace {

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(cannot be opened)");
}

// Limits the size of files of this process for one scope: the nearest thing to a full disk without root.
class SmallFilesOnly {
public:
    explicit SmallFilesOnly(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
    }
    ~SmallFilesOnly() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

class TestRunFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // Expected values from python-xxhash 4.1.0.
    void hashesAsXxhsumDoes() {
        QCOMPARE(fm::hashBytes(""), std::string("99aa06d3014798d86001c324468d497f"));
        QCOMPARE(fm::hashBytes("abc"), std::string("06b05ab6733a618578af5f94892f3950"));
    }

    void hashesInPiecesAndFromFiles() {
        std::string bytes(100'000, '\0');
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((i * 7 + 3) % 251);
        const std::string expected = "c0f903c0bf0d5d15d449c3d3e190d6d6";
        fm::Hasher hasher;
        for (std::size_t at = 0, piece = 1; at < bytes.size(); at += piece++)
            hasher.update(bytes.data() + at, std::min(piece, bytes.size() - at));
        QCOMPARE(hasher.hex(), expected);
        QTemporaryDir folder;
        const std::string path = folder.filePath("bytes").toStdString();
        fm::writeFileAtomically(path, bytes);
        QCOMPARE(fm::hashFile(path), expected);
        QVERIFY_EXCEPTION_THROWN(fm::hashFile(path + ".absent"), fm::WorldError);
        QVERIFY_EXCEPTION_THROWN(fm::hashFile(folder.path().toStdString()), fm::WorldError);
    }

    void replacesWhole() {
        QTemporaryDir folder;
        const QString path = folder.filePath("study.json");
        fm::writeFileAtomically(path.toStdString(), "first");
        fm::writeFileAtomically(path.toStdString(), "second, longer");
        QCOMPARE(contentOf(path), QByteArray("second, longer"));
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{"study.json"});
    }

    void withoutCommitNothingHasHappened() {
        QTemporaryDir folder;
        const QString path = folder.filePath("study.json");
        fm::writeFileAtomically(path.toStdString(), "old");
        { fm::AtomicFile(path.toStdString()).write("new"); }
        QCOMPARE(contentOf(path), QByteArray("old"));
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{"study.json"});
    }

    void aFullDiskKeepsTheOldFileAndSaysWhatToDo() {
        QTemporaryDir folder;
        const QString path = folder.filePath("study.json");
        fm::writeFileAtomically(path.toStdString(), "old");
        const std::string big(1 << 20, 'x');
        QString text;
        {
            const SmallFilesOnly limit(4096);
            try {
                fm::writeFileAtomically(path.toStdString(), big);
            } catch (const fm::WorldError& error) {
                text = error.what();
            }
        }
        QVERIFY2(text.startsWith(path) && text.contains("ulimit"), qPrintable(text));
        QCOMPARE(contentOf(path), QByteArray("old"));
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{"study.json"});
    }

    void errorTextsSayWhatToDo() {
        QVERIFY(fm::fileErrorText("a/b", "writing", ENOSPC).find("free some space") != std::string::npos);
        QVERIFY(fm::fileErrorText("a/b", "writing", ENOSPC).rfind("a/b: ", 0) == 0);
        QVERIFY(fm::fileErrorText("a/b", "creating", ENOENT).find("create the folder") != std::string::npos);
        QVERIFY(fm::readErrorText("a/b", "opening", ENOENT).find("put the file back") != std::string::npos);
        QVERIFY_EXCEPTION_THROWN(fm::writeFileAtomically("/nonexistent/folder/x", ""), fm::WorldError);
    }

    void jsonLinesAreWrittenInOrder() {
        QTemporaryDir folder;
        const QString path = folder.filePath("run.jsonl");
        {
            fm::JsonlSink sink(path.toStdString());
            for (std::uint64_t i = 0; i < 250; ++i)
                sink.post({i, 0, fm::Logged{fm::Severity::Info, "[run] " + std::to_string(i)}});
        }
        const QList<QByteArray> lines = contentOf(path).split('\n');
        QCOMPARE(lines.size(), 251);
        QVERIFY(lines.back().isEmpty());
        fm::EventDecoder decoder;
        for (int i = 0; i < 250; ++i) QCOMPARE(decoder.decodeLine(lines[i].toStdString()).seq, std::uint64_t(i));
    }

    void stateChangesAreOnDiskAtOnce() {
        QTemporaryDir folder;
        const QString path = folder.filePath("run.jsonl");
        fm::JsonlSink sink(path.toStdString());
        sink.post({0, 0, fm::Logged{fm::Severity::Info, "[run] waits"}});
        QCOMPARE(contentOf(path).count('\n'), 0);
        sink.post({1, 0, fm::StateChanged{fm::RunState::Paused, ""}});
        QCOMPARE(contentOf(path).count('\n'), 2);
    }

    void jsonLinesOnAFullDiskFail() {
        QTemporaryDir folder;
        fm::JsonlSink sink(folder.filePath("run.jsonl").toStdString());
        QString text;
        {
            const SmallFilesOnly limit(4096);
            try {
                for (std::uint64_t i = 0; i < 1000; ++i)
                    sink.post({i, 0, fm::StateChanged{fm::RunState::Running, "x"}});
            } catch (const fm::WorldError& error) {
                text = error.what();
            }
        }
        QVERIFY2(text.contains("run.jsonl"), qPrintable(text));
    }
};

QTEST_GUILESS_MAIN(TestRunFiles)
#include "test_run_files.moc"
