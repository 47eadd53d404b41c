// Packed values against the `gguf` package, bit for bit (fixtures/formats/make_blocks.py).
#include <QtTest>
#include <bit>
#include <cstring>
#include <fstream>

#include "core/base/error.h"
#include "core/formats/dtype_names.h"
#include "core/formats/tensor_view.h"

using namespace fm;

namespace {

// A NaN's sign and payload are the processor's business; every other value is compared by its bits.
bool sameFloat(float a, float b) {
    return (a != a && b != b) || std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

struct Blocks {
    std::vector<std::byte> packed;
    std::vector<float> expected;
};

Blocks load(DType dtype) {
    std::ifstream file(std::string(FM_FIXTURES "/formats/blocks/") + toString(dtype) + ".bin", std::ios::binary);
    std::uint64_t count = 0;
    file.read(reinterpret_cast<char*>(&count), sizeof count);
    Blocks blocks;
    blocks.packed.resize(count / blockElements(dtype) * blockBytes(dtype));
    blocks.expected.resize(count);
    file.read(reinterpret_cast<char*>(blocks.packed.data()), static_cast<std::streamsize>(blocks.packed.size()));
    file.read(reinterpret_cast<char*>(blocks.expected.data()), static_cast<std::streamsize>(count * sizeof(float)));
    if (!file || file.peek() != EOF) return {};
    return blocks;
}

}  // namespace

class TestDequantise : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsGgufPackage_data() {
        QTest::addColumn<int>("dtype");
        for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16, DType::Q4_0, DType::Q4_1,
                                  DType::Q5_0, DType::Q5_1, DType::Q8_0, DType::Q6_K}) {
            QTest::newRow(toString(dtype)) << static_cast<int>(dtype);
        }
    }
    void equalsGgufPackage() {
        QFETCH(int, dtype);
        const DType type = static_cast<DType>(dtype);
        const Blocks blocks = load(type);
        QVERIFY2(blocks.expected.size() >= 1024, "the fixture is missing or of the wrong size");
        // At an odd address, because files give no alignment.
        std::vector<std::byte> shifted(blocks.packed.size() + 1);
        std::memcpy(shifted.data() + 1, blocks.packed.data(), blocks.packed.size());
        const TensorView view{"t",
                              type,
                              {static_cast<std::int64_t>(blocks.expected.size())},
                              std::span<const std::byte>(shifted).subspan(1)};
        std::vector<float> got(blocks.expected.size(), -12345.0f);
        dequantise(view, got);
        for (std::size_t i = 0; i < got.size(); ++i) {
            QVERIFY2(sameFloat(got[i], blocks.expected[i]),
                     qPrintable(QString("value %1: %2, expected %3").arg(i).arg(got[i]).arg(blocks.expected[i])));
        }
    }

    void integersAreRefused() {
        const std::byte bytes[8] = {};
        for (const DType dtype : {DType::I64, DType::I32, DType::I16, DType::I8, DType::U8, DType::Bool}) {
            const TensorView view{"positions", dtype, {1}, std::span(bytes).first(blockBytes(dtype))};
            float out = 0;
            try {
                dequantise(view, std::span(&out, 1));
                QFAIL("an integer tensor was read as weights");
            } catch (const FormatError& error) {
                QVERIFY(QString(error.what()).contains("positions"));
                QVERIFY(QString(error.what()).contains(toString(dtype)));
            }
        }
    }

    void sizesAreCountedWithoutOverflow() {
        using Shape = std::vector<std::int64_t>;
        const std::int64_t big = std::int64_t{1} << 32;
        QCOMPARE(checkedBytes(DType::F32, Shape{3, 5}).value(), std::uint64_t{60});
        QCOMPARE(checkedBytes(DType::F32, Shape{}).value(), std::uint64_t{4});
        QCOMPARE(checkedBytes(DType::Q6_K, Shape{2, 512}).value(), std::uint64_t{840});
        QVERIFY(!checkedBytes(DType::Q4_0, Shape{32, 16}));      // rows of half a block
        QVERIFY(!checkedBytes(DType::U8, Shape{big, big}));      // 2^64 wraps to 0
        QVERIFY(!checkedBytes(DType::U8, Shape{big, big / 2}));  // 2^63 is no int64
        QVERIFY(!checkedBytes(DType::F64, Shape{big, big / 4}));
        QVERIFY(!checkedBytes(DType::F32, Shape{-1}));
    }

    void typesHaveTheirFilesNames() {
        QCOMPARE(dtypeFromSafetensors("BF16"), std::optional(DType::BF16));
        QCOMPARE(dtypeFromSafetensors("BOOL"), std::optional(DType::Bool));
        QCOMPARE(dtypeFromSafetensors("F8_E4M3"), std::nullopt);
        QCOMPARE(dtypeFromSafetensors("Q4_0"), std::nullopt);
        QCOMPARE(dtypeFromGgml(14), std::optional(DType::Q6_K));
        QCOMPARE(dtypeFromGgml(30), std::optional(DType::BF16));
        QCOMPARE(dtypeFromGgml(12), std::nullopt);
        QCOMPARE(ggmlTypeName(12), std::string("Q4_K"));
        QCOMPARE(ggmlTypeName(77), std::string("type 77"));
    }
};

QTEST_GUILESS_MAIN(TestDequantise)
#include "test_dequantise.moc"
