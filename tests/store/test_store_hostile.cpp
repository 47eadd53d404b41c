// Truncated, damaged and forged run files end in a sentence, never in a crash or in invented rows.
#include <hdf5.h>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <functional>

#include "core/base/error.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "tests/store/check_rows.h"

namespace {

// Opens and reads everything; what comes out must be right, or a WorldError that names the file.
std::string readAll(const QString& path) {
    try {
        const fm::RunReader reader(path.toStdString());
        static_cast<void>(reader.readLog());
        static_cast<void>(reader.readStates());
        if (const std::string wrong = sample::checkSteps(reader); !wrong.empty()) return wrong;
        return sample::checkAnswers(reader);
    } catch (const fm::WorldError& error) {
        return std::string(error.what()).rfind(path.toStdString(), 0) == 0 ? "refused" : "refused without the path";
    }
}

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void writeContent(const QString& path, const QByteArray& bytes) {
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    file.write(bytes);
}

void writeRun(const QString& folder, std::int64_t rows) {
    const auto writer = fm::RunWriter::inFolder(folder.toStdString());
    sample::Poster post(*writer);
    post(sample::header());
    for (std::int64_t i = 0; i < rows; ++i) post(fm::RowAppended{0, sample::step(i)});
    for (std::int64_t i = 0; i < 20; ++i) post(fm::RowAppended{1, sample::answer(i)});
    post(fm::StateChanged{fm::RunState::Finished, ""});
    writer->close();
}

}  // namespace

class TestStoreHostile : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    QString path_;
    QByteArray good_;
    QByteArray unclosed_;

    // A copy of the good file, changed through HDF5 itself.
    QString forged(const std::function<void(hid_t)>& change) {
        const QString path = folder_.filePath("forged.h5");
        writeContent(path, good_);
        const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
        const hid_t file = H5Fopen(path.toStdString().c_str(), H5F_ACC_RDWR, access);
        change(file);
        H5Fclose(file);
        H5Pclose(access);
        return path;
    }

private Q_SLOTS:
    void initTestCase() {
        path_ = folder_.filePath(QString::fromStdString(sample::run_id) + ".h5");
        // What a kill would leave: the content while the writer still has it open.
        {
            const auto writer = fm::RunWriter::inFolder(folder_.path().toStdString());
            sample::Poster post(*writer);
            post(sample::header());
            for (std::int64_t i = 0; i < 2600; ++i) post(fm::RowAppended{0, sample::step(i)});
            writer->flush();
            unclosed_ = contentOf(path_);
        }
        QVERIFY(QFile::remove(path_));
        writeRun(folder_.path(), 2600);
        good_ = contentOf(path_);
        QVERIFY(good_.size() > 100'000);
        QCOMPARE(readAll(path_), std::string());
    }

    void unclosedIsReadable() {
        const QString path = folder_.filePath("unclosed.h5");
        writeContent(path, unclosed_);
        QCOMPARE(readAll(path), std::string());
        QCOMPARE(fm::RunReader(path.toStdString()).rows(0), 2600);
    }

    void truncatedAtAnyLength() {
        const QString path = folder_.filePath("short.h5");
        int refused = 0;
        int tries = 0;
        for (const QByteArray* content : {&good_, &unclosed_}) {
            QList<qsizetype> lengths;
            for (qsizetype length = 0; length < 4096; length += 67) lengths << length;
            for (qsizetype length = 4096; length < content->size(); length += 9973) lengths << length;
            lengths << content->size() - 1 << content->size() - 8;
            for (qsizetype length : lengths) {
                writeContent(path, content->left(length));
                const std::string result = readAll(path);
                QVERIFY2(result.empty() || result == "refused", qPrintable(QString::number(length) + result.c_str()));
                refused += result == "refused";
                ++tries;
            }
        }
        QVERIFY2(refused > tries * 9 / 10, qPrintable(QString("%1 of %2").arg(refused).arg(tries)));
    }

    // Values may change with a flipped bit (raw data has no checksum); the reader must survive every one.
    void flippedBytes() {
        const QString path = folder_.filePath("flipped.h5");
        quint32 seed = 7;
        int refused = 0;
        for (int round = 0; round < 300; ++round) {
            QByteArray bytes = round % 2 ? good_ : unclosed_;
            for (int flip = 0; flip <= round % 3; ++flip) {
                seed = seed * 1664525u + 1013904223u;
                // Half of the flips go where the structures of the file are.
                const qsizetype range = flip % 2 ? bytes.size() : 20'000;
                bytes[(seed >> 8) % range] = static_cast<char>(bytes[(seed >> 8) % range] ^ (1 << (seed & 7)));
            }
            writeContent(path, bytes);
            const std::string result = readAll(path);
            QVERIFY(result != "refused without the path");
            refused += result == "refused";
        }
        QVERIFY2(refused > 30, qPrintable(QString::number(refused)));
    }

    void notHdf5AtAll() {
        const QString path = folder_.filePath("other.h5");
        for (const QByteArray& bytes : {QByteArray(), QByteArray("hello"), QByteArray(100'000, '\0'),
                                        QByteArray("\x89HDF\r\n\x1a\n") + QByteArray(1000, '\xff')}) {
            writeContent(path, bytes);
            QCOMPARE(readAll(path), std::string("refused"));
        }
    }

    void forgedStructures_data() {
        QTest::addColumn<int>("which");
        int which = 0;
        for (const char* name :
             {"no tables", "column is a soft link", "column is an external link", "column of variable text",
              "column of another type", "no status", "status is a number", "unknown status", "newer schema",
              "row count is huge", "tables is a dataset", "column list names a group", "log is missing",
              "path leads elsewhere", "data in another file"})
            QTest::newRow(name) << which++;
    }
    void forgedStructures() {
        QFETCH(int, which);
        const QString path = forged([&](hid_t file) { forge(file, which); });
        QCOMPARE(readAll(path), std::string("refused"));
    }

    void aSmallerRowCountHidesRows() {
        const QString path = forged([](hid_t file) { setRows(file, 1000); });
        const fm::RunReader reader(path.toStdString());
        QCOMPARE(reader.rows(0), 1000);
        QCOMPARE(sample::checkSteps(reader), std::string());
    }

    void aShortColumnShortensItsTable() {
        const QString path = forged([](hid_t file) {
            const hid_t dataset = H5Dopen2(file, "steps/wall_ms", H5P_DEFAULT);
            const hsize_t length = 77;
            H5Dset_extent(dataset, &length);
            H5Dclose(dataset);
        });
        const fm::RunReader reader(path.toStdString());
        QCOMPARE(reader.rows(0), 77);
        QCOMPARE(reader.rows(1), 20);
        QCOMPARE(sample::checkSteps(reader), std::string());
    }

private:
    static void setRows(hid_t file, std::int64_t rows) {
        const hid_t dataset = H5Dopen2(file, "tables/steps/rows", H5P_DEFAULT);
        H5Dwrite(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &rows);
        H5Dclose(dataset);
    }

    static void setText(hid_t file, const char* name, const char* text) {
        H5Adelete(file, name);
        const hid_t type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, 16);
        const hid_t space = H5Screate(H5S_SCALAR);
        const hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        char padded[16] = {};
        std::strncpy(padded, text, 15);
        H5Awrite(attribute, type, padded);
        H5Aclose(attribute);
        H5Sclose(space);
        H5Tclose(type);
    }

    static void setInteger(hid_t file, const char* name, long long value) {
        H5Adelete(file, name);
        const hid_t space = H5Screate(H5S_SCALAR);
        const hid_t attribute = H5Acreate2(file, name, H5T_NATIVE_LLONG, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(attribute, H5T_NATIVE_LLONG, &value);
        H5Aclose(attribute);
        H5Sclose(space);
    }

    static void replaceDataset(hid_t file, const char* path, hid_t type, hid_t creation) {
        H5Ldelete(file, path, H5P_DEFAULT);
        const hsize_t length = 2600;
        const hid_t space = H5Screate_simple(1, &length, nullptr);
        H5Dclose(H5Dcreate2(file, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
        H5Sclose(space);
    }

    static void hugeEverything(hid_t file) {
        for (const char* path : {"steps/index", "steps/wall_ms", "series/loss/align", "gates/alpha", "gates/grad"}) {
            const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
            const hsize_t extent[2] = {hsize_t{1} << 50, sample::num_layers};
            H5Dset_extent(dataset, extent);
            H5Dclose(dataset);
        }
        setRows(file, std::int64_t{1} << 50);
    }

    static void externalStorage(hid_t file) {
        const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED);
        replaceDataset(file, "steps/index", H5T_NATIVE_INT64, creation);
        H5Pclose(creation);
    }

    static void variableText(hid_t file) {
        const hid_t type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        replaceDataset(file, "steps/index", type, H5P_DEFAULT);
        H5Tclose(type);
    }

    static void columnList(hid_t file, const char* path) {
        H5Ldelete(file, "tables/steps/columns", H5P_DEFAULT);
        const hid_t type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, 32);
        const hsize_t length = 1;
        const hid_t space = H5Screate_simple(1, &length, nullptr);
        const hid_t dataset =
            H5Dcreate2(file, "tables/steps/columns", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        char padded[32] = {};
        std::strncpy(padded, path, 31);
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, padded);
        H5Dclose(dataset);
        H5Sclose(space);
        H5Tclose(type);
    }

    static void forge(hid_t file, int which) {
        if (which == 0) H5Ldelete(file, "tables", H5P_DEFAULT);
        if (which == 1 || which == 2) H5Lmove(file, "steps/index", file, "hidden", H5P_DEFAULT, H5P_DEFAULT);
        if (which == 1) H5Lcreate_soft("/hidden", file, "steps/index", H5P_DEFAULT, H5P_DEFAULT);
        if (which == 2) H5Lcreate_external("forged.h5", "/hidden", file, "steps/index", H5P_DEFAULT, H5P_DEFAULT);
        if (which == 3) variableText(file);
        if (which == 4) replaceDataset(file, "steps/index", H5T_NATIVE_SHORT, H5P_DEFAULT);
        if (which == 5) H5Adelete(file, "status");
        if (which == 6) setInteger(file, "status", 1);
        if (which == 7) setText(file, "status", "happy");
        if (which == 8) setInteger(file, "schema_version", 2);
        if (which == 9) hugeEverything(file);
        if (which == 10) {
            H5Ldelete(file, "tables", H5P_DEFAULT);
            replaceDataset(file, "gates/grad", H5T_NATIVE_INT64, H5P_DEFAULT);
            H5Lmove(file, "gates/grad", file, "tables", H5P_DEFAULT, H5P_DEFAULT);
        }
        if (which == 11) columnList(file, "steps");
        if (which == 12) H5Ldelete(file, "tables/events_log", H5P_DEFAULT);
        if (which == 13) columnList(file, "../../steps/index");
        if (which == 14) externalStorage(file);
    }
};

QTEST_GUILESS_MAIN(TestStoreHostile)
#include "test_store_hostile.moc"
