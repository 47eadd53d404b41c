// Every job on a disk that is full after a share of what it writes: a sentence with the remedy, nothing half-made, all
// that was there before, and with room again the job comes to its end. FM_ATTACK_ROUNDS takes so many times more sizes.
#include <ATen/ATen.h>

#include <QDir>
#include <QDirIterator>
#include <QTest>

#include <memory>

#include "core/base/error.h"
#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"
#include "tests/support/attack_rounds.h"
#include "tests/support/small_disk.h"

namespace fm::testing {

namespace {

constexpr int kDiskMegabytes = 64;
constexpr int kSizes = 4;  // of the disk, for each job

const QStringList kData = {"--tasks", "single", "--lengths", "96"};

bool copyFolder(const QString& from, const QString& to) {
    if (!QDir().mkpath(to)) return false;
    for (const QFileInfo& entry : QDir(from).entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot)) {
        const QString target = to + "/" + entry.fileName();
        if (entry.isDir() ? !copyFolder(entry.filePath(), target) : !QFile::copy(entry.filePath(), target))
            return false;
    }
    return true;
}

// Files and folders that a job makes on its way and takes away again.
QStringList leftovers(const QString& folder) {
    QStringList found;
    QDirIterator files(folder, QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        const QString path = files.next();
        if (path.endsWith(".tmp") || path.endsWith(".partial")) found << path;
    }
    return found;
}

}  // namespace

class TestFullDisk : public QObject {
    Q_OBJECT

    std::unique_ptr<TinyStudy> study_;
    QTemporaryDir kept_;  // the study as every case begins

    ProgramRun run(const QStringList& arguments) const { return runFlashmorph(study_->options() + arguments); }
    QString folder() const { return study_->path().chopped(1); }
    std::unique_ptr<SmallDisk> disk() const {
        auto disk = std::make_unique<SmallDisk>(folder(), kDiskMegabytes);
        if (disk->mounted() && !copyFolder(kept_.path() + "/study", folder()))
            throw WorldError("cannot copy the study");
        return disk;
    }

    // Everything of the study can be read, and what was there at the start is as it was.
    QString damage() const {
        try {
            const Study study = Study::open(folder().toStdString());
            for (const RunSummary& summary : study.listRuns())
                if (!summary.problem.empty()) return QString::fromStdString(summary.problem);
            for (const auto& [id, artifact] : study.info().artifacts)
                if (!QFileInfo::exists(folder() + "/" + QString::fromStdString(artifact.path)))
                    return QString::fromStdString(id + " is named and not there");
        } catch (const WorldError& error) {
            return error.what();
        }
        QDirIterator before(kept_.path() + "/study", QDir::Files, QDirIterator::Subdirectories);
        while (before.hasNext()) {
            const QString file = before.next(), name = file.mid(kept_.path().size() + 6);
            if (name != "/study.json" && fileContent(folder() + name) != fileContent(file))
                return name + " has changed";
        }
        return leftovers(folder()).join(' ');
    }

private Q_SLOTS:
    void initTestCase();
    void jobs_data();
    void jobs();
};

void TestFullDisk::initTestCase() {
    study_ = std::make_unique<TinyStudy>();
    const ProgramRun align = run(QStringList{"align", "--steps", "2", "--tokens-per-step", "192"} + kData);
    QVERIFY2(align.exit_code == 0, align.err.constData());
    QVERIFY(copyFolder(folder(), kept_.path() + "/study"));
    if (const auto small = disk(); !small->mounted()) QSKIP(qPrintable(small->why()));
}

void TestFullDisk::jobs_data() {
    QTest::addColumn<QStringList>("job");
    const QStringList steps = {"--steps", "6", "--tokens-per-step", "192", "--checkpoint-every", "2"};
    QTest::newRow("align") << QStringList{"align"} + steps + kData;
    QTest::newRow("gates") << QStringList{"gates", "--budget", "1", "--probe-sequences", "2"} + steps + kData;
    QTest::newRow("select") << QStringList{"select", "--budgets", "1", "--sequences", "2"} + kData;
    QTest::newRow("distill") << QStringList{"distill", "--layers", "1"} + steps + kData;
    QTest::newRow("eval") << QStringList{"eval", "--layers", "1", "--depths", "1", "--samples", "2"} + kData;
    QTest::newRow("export") << QStringList{"export", "--layers", "1"};
}

void TestFullDisk::jobs() {
    QFETCH(QStringList, job);
    std::int64_t needed = 0;
    {
        const auto roomy = disk();
        const std::int64_t before = roomy->freeBytes();
        const ProgramRun done = run(job);
        QVERIFY2(done.exit_code == 0, done.err.constData());
        needed = before - roomy->freeBytes();
        QCOMPARE(damage(), QString());
    }
    const int sizes = kSizes * attackRounds();
    int refused = 0;
    for (int i = 0; i < sizes; ++i) {
        const auto small = disk();
        QVERIFY(small->fillBut(needed * i / sizes));
        const ProgramRun full = run(job);
        const QByteArray what = QByteArray::number(needed * i / sizes) + " bytes free: " + full.err;
        QVERIFY2(full.exit_code == 0 || full.exit_code == 1, what);
        if (full.exit_code == 1) QVERIFY2(full.err.contains("free some space"), what);
        refused += full.exit_code;
        const QString left = damage();
        QVERIFY2(left.isEmpty(), what + left.toUtf8());
        small->makeRoom();
        if (full.exit_code == 0) continue;
        const QStringList runs = study_->runIds();
        const bool begun = runs.size() > 1;
        const ProgramRun again = run(begun ? QStringList{job.first(), "--resume", runs.last()} : job);
        QVERIFY2(again.exit_code == 0, what + again.err);
        QCOMPARE(damage(), QString());
    }
    QVERIFY(refused > 0);  // with no byte free a job cannot have been done
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestFullDisk)
#include "test_full_disk.moc"
