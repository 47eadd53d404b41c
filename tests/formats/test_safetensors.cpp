// Reading what the safetensors package wrote, writing what it reads.
#include <sys/resource.h>
#include <QtTest>
#include <bit>
#include <csignal>
#include <fstream>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "tests/formats/oracle_python.h"

using namespace fm;

namespace {

// Metadata, names, types, shapes and the sum of each tensor's bytes, as the package sees them.
const char* kDescribe = R"PY(
import json, sys
import safetensors
data = open(sys.argv[1], "rb").read()
header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
print(json.dumps(header["__metadata__"], sort_keys=True))
for name, tensor in sorted(safetensors.deserialize(data)):
    print(name, tensor["dtype"], tensor["shape"], sum(tensor["data"]))
)PY";

long byteSum(const void* data, std::size_t bytes) {
    long sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) sum += static_cast<const unsigned char*>(data)[i];
    return sum;
}

}  // namespace

class TestSafetensors : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    const std::vector<std::uint16_t> halves_ = {0x3c00, 0xc000, 0x7bff};
    const std::vector<float> floats_ = {1.5f, -2.25f, 1e-40f, 3e38f, 0, -0.0f};
    const std::vector<std::int64_t> longs_ = {-1, std::int64_t{1} << 60};
    const std::vector<std::uint8_t> bools_ = {1, 0, 1, 1, 0};

    std::string path(const char* name) const { return folder_.filePath(name).toStdString(); }

    std::vector<TensorToWrite> tensors() const {
        return {
            {"b", DType::Bool, {5}, bools_.data()},     {"halves \"and\" quotes", DType::BF16, {3, 1}, halves_.data()},
            {"empty", DType::F32, {0, 4}, nullptr},     {"floats", DType::F32, {2, 3}, floats_.data()},
            {"scalar", DType::F16, {}, halves_.data()}, {"longs", DType::I64, {2}, longs_.data()}};
    }

private Q_SLOTS:
    void readsBackWhatItWrote() {
        writeSafetensors(path("a.safetensors"), tensors(), {{"note", "tab\there"}});
        const SafetensorsFile file = SafetensorsFile::open(path("a.safetensors"));
        QCOMPARE(file.metadata().at("format"), std::string("pt"));
        QCOMPARE(file.metadata().at("note"), std::string("tab\there"));
        QCOMPARE(file.tensors().size(), std::size_t{6});
        for (const TensorToWrite& written : tensors()) {
            const TensorView* read = file.find(written.name);
            QVERIFY2(read != nullptr, written.name.c_str());
            QVERIFY(read->dtype == written.dtype && read->shape == written.shape);
            QCOMPARE(read->bytes.size(), checkedBytes(written.dtype, written.shape).value());
            if (!read->bytes.empty()) QCOMPARE(std::memcmp(read->bytes.data(), written.data, read->bytes.size()), 0);
            QCOMPARE(std::bit_cast<std::uintptr_t>(read->bytes.data()) % blockBytes(read->dtype), std::size_t{0});
        }
        QCOMPARE(file.find("absent"), nullptr);
        QCOMPARE(QDir(folder_.path()).entryList({"*.tmp"}, QDir::Files), QStringList());
    }

    void packageReadsWhatWeWrite() {
        FM_NEED_ORACLE_PYTHON("safetensors");
        writeSafetensors(path("b.safetensors"), tensors(), {{"note", "x"}});
        const QString said = runOraclePython({"-c", kDescribe, folder_.filePath("b.safetensors")});
        const QString expected = QString(
                                     "{\"format\": \"pt\", \"note\": \"x\"}\n"
                                     "b BOOL [5] %1\n"
                                     "empty F32 [0, 4] 0\n"
                                     "floats F32 [2, 3] %2\n"
                                     "halves \"and\" quotes BF16 [3, 1] %3\n"
                                     "longs I64 [2] %4\n"
                                     "scalar F16 [] %5\n")
                                     .arg(byteSum(bools_.data(), 5))
                                     .arg(byteSum(floats_.data(), 24))
                                     .arg(byteSum(halves_.data(), 6))
                                     .arg(byteSum(longs_.data(), 16))
                                     .arg(byteSum(halves_.data(), 2));
        QCOMPARE(said, expected);
    }

    void readsWhatThePackageWrote() {
        const SafetensorsFile file = SafetensorsFile::open(FM_FIXTURES "/formats/models/llama/model.safetensors");
        QCOMPARE(file.metadata().at("format"), std::string("pt"));
        QCOMPARE(file.tensors().size(), std::size_t{21});
        const TensorView* tensor = file.find("model.layers.1.mlp.down_proj.weight");
        QVERIFY(tensor != nullptr && tensor->dtype == DType::F32);
        QVERIFY((tensor->shape == std::vector<std::int64_t>{32, 64}));
    }

    void failedWriteKeepsTheOldFile() {
        writeSafetensors(path("c.safetensors"), tensors());
        const std::vector<TensorToWrite> other = {{"x", DType::F32, {6}, floats_.data()}};
        rlimit old{};
        QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
        const auto usual = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{16, old.rlim_max};  // less than the header
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
        QVERIFY_THROWS_EXCEPTION(WorldError, writeSafetensors(path("c.safetensors"), other));
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
        std::signal(SIGXFSZ, usual);
        QCOMPARE(QDir(folder_.path()).entryList({"*.tmp"}, QDir::Files), QStringList());
        QCOMPARE(SafetensorsFile::open(path("c.safetensors")).tensors().size(), std::size_t{6});
    }

    void viewsOutliveTheFileObjectsCopies() {
        writeSafetensors(path("d.safetensors"), tensors());
        SafetensorsFile copy;
        {
            const SafetensorsFile file = SafetensorsFile::open(path("d.safetensors"));
            copy = file;
        }
        QVERIFY(QFile::remove(folder_.filePath("d.safetensors")));
        std::vector<float> values(6);
        dequantise(*copy.find("floats"), values);
        QVERIFY(values == floats_);
    }
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "test_safetensors.moc"
