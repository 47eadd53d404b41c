// Choice and description of devices on a machine without the GPU plug-in.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <QFile>
#include <QRegularExpression>
#include <QTest>

#include "core/base/error.h"
#include "core/model/decoder_weights.h"
#include "core/model/device.h"

namespace {

class TestDevice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cpuIsAlwaysThere() {
        QVERIFY(fm::pickDevice("cpu").is_cpu());
        if (!fm::gpuAvailable()) QVERIFY(fm::pickDevice("auto").is_cpu());
    }

    void refusesWithReason_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:99999", "CPU"}) {
            QTest::newRow(*name ? name : "empty") << name;
        }
    }
    void refusesWithReason() {
        QFETCH(QString, name);
        try {
            fm::pickDevice(name.toStdString(), "align.device");
            QFAIL("accepted");
        } catch (const fm::InputError& error) {
            QCOMPARE(error.problems().size(), std::size_t{1});
            QCOMPARE(error.problems()[0].field, std::string("align.device"));
            QCOMPARE(error.problems()[0].value, name.toStdString());
        }
    }

    void absentGpuSaysWhy() {
        if (fm::gpuAvailable()) QSKIP("this machine has a GPU");
        try {
            fm::pickDevice("cuda");
            QFAIL("accepted");
        } catch (const fm::InputError& error) {
            QVERIFY(error.problems()[0].allowed.find(fm::gpuPluginReason()) != std::string::npos);
        }
    }

    void brokenPluginIsAReasonNotACrash() {
        const std::string reason = fm::loadGpuPlugin("/nowhere/flashmorph_cuda.so");
        QVERIFY2(reason.find("/nowhere/flashmorph_cuda.so") != std::string::npos, reason.c_str());
        QCOMPARE(fm::gpuPluginReason(), reason);
        QVERIFY(!fm::gpuAvailable());
    }

    void describesTheProcessor() {
        fm::setThreads(2);
        const QString text = QString::fromStdString(fm::describeDevice(at::kCPU));
        QVERIFY2(QRegularExpression("^cpu [a-z0-9_]+, 2 threads$").match(text).hasMatch(), qPrintable(text));
        fm::setThreads(1);
        QVERIFY(fm::describeDevice(at::kCPU).ends_with(", 1 thread"));
        fm::setThreads(0);
        QCOMPARE(at::get_num_threads(), 1);
        QVERIFY_THROWS_EXCEPTION(fm::InputError, fm::setThreads(-1));
    }

    void peakMemoryGrowsWithUse() {
        const std::int64_t before = fm::peakMemoryBytes();
        QVERIFY(before > 10'000'000);
        const at::Tensor block = at::ones({64 << 20}, at::TensorOptions(at::kFloat));
        const std::int64_t growth = fm::peakMemoryBytes() - before;
        QVERIFY(block.numel() > 0 && growth > 200'000'000 && growth < 400'000'000);
        QCOMPARE(fm::peakDeviceMemoryBytes(at::kCPU), 0);
    }

    // A quarter of a gigabyte that is touched is seen, against what the system says of this process.
    void memoryInUseIsWhatTheSystemSays() {
        const auto resident_kb = [] {
            QFile status("/proc/self/status");
            if (!status.open(QIODevice::ReadOnly)) return 0.0;
            const auto match = QRegularExpression("VmRSS:\\s+(\\d+) kB").match(QString::fromUtf8(status.readAll()));
            return match.captured(1).toDouble();
        };
        const fm::MemoryUse before = fm::memoryInUse(at::kCPU);
        const at::Tensor block = at::ones({64, 1 << 20}, at::kFloat);
        const fm::MemoryUse after = fm::memoryInUse(at::kCPU);
        QVERIFY(after.used_bytes - before.used_bytes > 250ll << 20);
        const double kb = static_cast<double>(after.used_bytes) / 1024;
        QVERIFY2(std::abs(kb - resident_kb()) < 0.05 * kb, qPrintable(QString::number(kb)));
        QVERIFY(after.total_bytes > after.used_bytes);
    }

    void gpuComputesInBfloat16() { QCOMPARE(fm::defaultDtype(at::Device(at::kCUDA, 0)), at::kBFloat16); }
};

}  // namespace

QTEST_GUILESS_MAIN(TestDevice)
#include "test_device.moc"
