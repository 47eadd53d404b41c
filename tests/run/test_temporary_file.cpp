// Files and folders in the making: names that nobody shares, locks that end with their process, leftovers.
#include <sys/wait.h>
#include <unistd.h>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <memory>
#include <thread>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/temporary_file.h"

namespace {

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(unreadable)");
}

// A child that has made a file and a folder and does not go on; killed when this object goes.
class StuckChild {
public:
    explicit StuckChild(const std::string& folder) {
        int ready[2] = {-1, -1};
        if (pipe(ready) != 0) return;
        child_ = fork();
        if (child_ == 0) {
            const fm::TemporaryFile file(folder + "/run.h5");
            const fm::TemporaryFolder made(folder + "/making");
            if (::write(ready[1], "r", 1) != 1) _exit(1);
            for (;;) pause();
        }
        char byte = 0;
        if (::read(ready[0], &byte, 1) != 1) qWarning("the child has not come up");
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~StuckChild() { kill(); }
    void kill() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        child_ = -1;
    }

private:
    pid_t child_ = -1;
};

}  // namespace

class TestTemporaryFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { folder_ = std::make_unique<QTemporaryDir>(); }

    // The same name for both would mix their bytes.
    void twoWritersOfOnePathDoNotMeet() {
        fm::AtomicFile first(path("study.json"));
        fm::AtomicFile second(path("study.json"));
        first.write("first, and longer than the second");
        second.write("second");
        second.commit();
        QCOMPARE(contentOf(folder_->filePath("study.json")), QByteArray("second"));
        first.commit();
        QCOMPARE(contentOf(folder_->filePath("study.json")), QByteArray("first, and longer than the second"));
        QCOMPARE(names(), QStringList{"study.json"});
    }

    void manyWritersLeaveOneWholeFile() {
        std::vector<std::thread> threads;
        for (char letter = 'a'; letter < 'e'; ++letter)
            threads.emplace_back([this, letter] {
                for (int i = 0; i < 20; ++i) fm::writeFileAtomically(path("x"), std::string(20'000, letter));
            });
        for (std::thread& thread : threads) thread.join();
        const QByteArray content = contentOf(folder_->filePath("x"));
        QCOMPARE(content, QByteArray(20'000, content[0]));
        QCOMPARE(names(), QStringList{"x"});
    }

    void aNewNameIsNotTakenFromAnother() {
        fm::TemporaryFile file(path("run.h5"));
        fm::writeFileAtomically(path("run.h5"), "of another");
        QVERIFY_EXCEPTION_THROWN(file.becomeTarget(), fm::WorldError);
        QCOMPARE(contentOf(folder_->filePath("run.h5")), QByteArray("of another"));
    }

    void theLockGoesWithTheFile() {
        {
            fm::TemporaryFile file(path("run.h5"));
            QVERIFY(fm::isLockedFile(file.path()));
            file.becomeTarget();
            QVERIFY(fm::isLockedFile(path("run.h5")));
        }
        QVERIFY(!fm::isLockedFile(path("run.h5")) && QFile::exists(folder_->filePath("run.h5")));
    }

    void noticesThatItsFileIsGone() {
        for (const bool replaced : {false, true}) {
            fm::TemporaryFile file(path("run.h5"));
            file.replaceTarget();
            file.requireInPlace();
            if (replaced)
                fm::writeFileAtomically(path("run.h5"), "another");
            else
                QVERIFY(QFile::remove(folder_->filePath("run.h5")));
            QVERIFY_EXCEPTION_THROWN(file.requireInPlace(), fm::WorldError);
        }
    }

    void leftoversGoWhenTheirProcessIsGone() {
        const QStringList others = {"notes.tmp", "run.h5.tmp", "x.12-zz34abcd.tmp", "x.12-0123abcd.h5"};
        for (const QString& name : others) fm::writeFileAtomically(path(name), "somebody's");
        StuckChild child(folder_->path().toStdString());
        QCOMPARE(names().size(), others.size() + 2);
        fm::removeLeftovers(folder_->path().toStdString());
        QCOMPARE(names().size(), others.size() + 2);  // it still works on both
        child.kill();
        fm::removeLeftovers(folder_->path().toStdString());
        QStringList expected = others;
        expected.sort();
        QCOMPARE(names(), expected);
    }

    void leftoversAreNotFollowed() {
        fm::writeFileAtomically(path("kept"), "kept");
        QVERIFY(QFile::link(folder_->filePath("kept"), folder_->filePath("x.12-0123abcd.tmp")));
        fm::removeLeftovers(folder_->path().toStdString());
        fm::removeLeftovers("/nonexistent/folder");
        QCOMPARE(contentOf(folder_->filePath("kept")), QByteArray("kept"));
    }

    void foldersAreMadeWithThoseAbove() {
        fm::makeFolders(path("a/b/c/"));
        fm::makeFolders(path("a/b/c"));
        QVERIFY(QFileInfo(folder_->filePath("a/b/c")).isDir());
        fm::writeFileAtomically(path("file"), "");
        QVERIFY_EXCEPTION_THROWN(fm::makeFolders(path("file/x")), fm::WorldError);
    }

private:
    std::string path(const QString& name) const { return folder_->filePath(name).toStdString(); }
    QStringList names() const {
        return QDir(folder_->path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot, QDir::Name);
    }
    std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(TestTemporaryFile)
#include "test_temporary_file.moc"
