// Run files whose structures were changed and whose checksums are right again. libhdf5 1.10 crashes or never returns on
// some of them, so each is read by a child process of its own, and how that ended is counted.
#include <sys/wait.h>
#include <unistd.h>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <chrono>
#include <map>

#include "core/base/error.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "core/store/structure_check.h"
#include "tests/store/sample_run.h"
#include "tests/support/attack_rounds.h"
#include "tests/support/hdf5_structures.h"

using fm::testing::attackRounds;
using fm::testing::Hdf5Structure;

namespace {

// Groups of every size, and a column with so many chunks that its index has blocks of its own.
fm::RunOpened wideHeader() {
    using fm::CellType;
    fm::RunOpened header = sample::header();
    fm::Table wide{"wide", {{"wide/picture", CellType::Text, 40'000, "", "one row is a chunk"}}};
    for (int i = 0; i < 60; ++i)
        wide.columns.push_back(
            {"wide/column_of_a_large_group_" + std::to_string(i), CellType::Int64, 1, "", "a number"});
    header.tables.push_back(wide);
    return header;
}

void writeRun(const QString& folder) {
    const auto writer = fm::RunWriter::inFolder(folder.toStdString());
    sample::Poster post(*writer);
    post(wideHeader());
    for (std::int64_t i = 0; i < 20; ++i) {
        post(fm::RowAppended{0, sample::step(i)});
        post(fm::RowAppended{1, sample::answer(i)});
        fm::Row row = {std::string(static_cast<std::size_t>(i), 'x')};
        row.resize(61, fm::Cell{i});
        post(fm::RowAppended{2, row});
    }
    post(fm::StateChanged{fm::RunState::Finished, ""});
    writer->close();
}

// 0: read to the end; 1: refused with a sentence that begins with the path; 2: anything else.
int readEverything(const std::string& path) {
    try {
        static_cast<void>(fm::RunReader(path, fm::RunReader::Detail::Summary));
        const fm::RunReader reader(path);
        static_cast<void>(reader.readLog());
        static_cast<void>(reader.readStates());
        const std::vector<fm::Table>& tables = reader.header().tables;
        for (std::size_t t = 0; t < tables.size(); ++t)
            for (std::size_t c = 0; c < tables[t].columns.size(); ++c)
                static_cast<void>(
                    reader.readRaw(static_cast<int>(t), static_cast<int>(c), reader.rows(static_cast<int>(t))));
        return 0;
    } catch (const fm::WorldError& error) {
        return std::string(error.what()).rfind(path, 0) == 0 ? 1 : 2;
    } catch (...) {
        return 2;
    }
}

std::string readInChild(const QString& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(10);
        ::_exit(readEverything(path.toStdString()));
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return "no child";
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGALRM ? "did not end" : "crashed";
    const char* const names[] = {"read", "refused", "odd"};
    return names[std::min(WEXITSTATUS(status), 2)];
}

}  // namespace

class TestStoreStructure : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    QString path_;
    std::string good_;
    std::vector<Hdf5Structure> structures_;

    std::string outcomeOf(const std::string& bytes) {
        const QString path = folder_.filePath("forged.h5");
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate)) return "no file";
        file.write(bytes.data(), static_cast<qint64>(bytes.size()));
        file.close();
        return readInChild(path);
    }

private Q_SLOTS:
    void initTestCase() {
        writeRun(folder_.path());
        path_ = folder_.filePath(QString::fromStdString(sample::run_id) + ".h5");
        QFile file(path_);
        QVERIFY(file.open(QIODevice::ReadOnly));
        good_ = file.readAll().toStdString();
        structures_ = fm::testing::findStructures(good_);
        QCOMPARE(readInChild(path_), std::string("read"));
    }

    void addressesBeyondTheFile() {
        int refused = 0;
        for (const Hdf5Structure& what : structures_) {
            if (what.kind != "OHDR" && what.kind != "OCHK") continue;
            for (std::size_t at = what.at + 4; at + 22 <= what.checksum_at; ++at) {
                const unsigned char type = static_cast<unsigned char>(good_[at]);
                // Link Info and Attribute Info: type, size 18, flags, version and flags of 0, two addresses
                if ((type != 0x02 && type != 0x15) || fm::testing::numberAt(good_, at + 1, 2) != 18) continue;
                std::string bytes = good_;
                const std::uint64_t far = ~std::uint64_t{0} - 2000;
                std::memcpy(bytes.data() + at + 6, &far, 8);
                std::memcpy(bytes.data() + at + 14, &far, 8);
                fm::testing::seal(bytes, what);
                QCOMPARE(outcomeOf(bytes), std::string("refused"));
                ++refused;
            }
        }
        QVERIFY2(refused >= 10, qPrintable(QString::number(refused)));
    }

    void changedStructures() {
        std::mt19937_64 random(20261130);
        std::map<std::string, std::vector<Hdf5Structure>> by_kind;
        for (const Hdf5Structure& what : structures_) by_kind[what.kind].push_back(what);
        for (const char* kind :
             {"superblock", "OHDR", "OCHK", "BTHD", "BTLF", "FRHP", "FHIB", "FHDB", "EAHD", "EAIB", "EADB"})
            QVERIFY2(by_kind.count(kind), kind);
        std::map<std::string, int> outcomes;
        for (const auto& [kind, list] : by_kind) {
            for (int round = 0; round < 20 * attackRounds(); ++round) {
                std::string bytes = good_;
                fm::testing::damageStructure(bytes, list[random() % list.size()], structures_, random);
                const std::string outcome = outcomeOf(bytes);
                ++outcomes[outcome];
                if (outcome != "read" && outcome != "refused")
                    QFAIL(qPrintable(QString("%1 round %2: %3").arg(kind.c_str()).arg(round).arg(outcome.c_str())));
            }
        }
        qInfo("%d read, %d refused", outcomes["read"], outcomes["refused"]);
        QVERIFY(outcomes["refused"] > outcomes["read"]);
    }

    // A list of hundreds of runs must not wait for the check.
    void theCheckIsFast() {
        const std::string path = path_.toStdString();
        const auto timeOf = [](const auto& call) {
            const auto start = std::chrono::steady_clock::now();
            for (int i = 0; i < 50; ++i) call();
            return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() / 50;
        };
        const double check_ms = timeOf([&] { fm::h5::requireRunFileStructure(path, false); });
        const double read_ms = timeOf([&] { fm::RunReader(path, fm::RunReader::Detail::Summary); });
        qInfo("check %.3f ms, summary %.3f ms", check_ms, read_ms);
        QVERIFY(check_ms < 5);
    }
};

QTEST_GUILESS_MAIN(TestStoreStructure)
#include "test_store_structure.moc"
