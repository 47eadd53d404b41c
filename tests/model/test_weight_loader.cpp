// Strict loading: what differs from the config is listed, nothing is filled in, and memory stays within bounds.
#include <ATen/ATen.h>

#include <malloc.h>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "core/model/device.h"
#include "tests/model/model_fixture.h"

namespace {

using nlohmann::json;

// A copy of the `qwen2` fixture whose safetensors header was edited by `edit`; the data stays.
template <class Edit>
void writeEdited(const QTemporaryDir& folder, Edit edit) {
    const QString source = QString::fromStdString(fm::test::modelFolder("qwen2"));
    QVERIFY(QFile::copy(source + "/config.json", folder.filePath("config.json")));
    QFile file(source + "/model.safetensors");
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    std::uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes.constData(), 8);
    json header = json::parse(bytes.mid(8, static_cast<int>(header_bytes)).toStdString());
    edit(header);
    std::string text = header.dump();
    while (text.size() % 8) text += ' ';
    const std::uint64_t size = text.size();
    QFile out(folder.filePath("model.safetensors"));
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(reinterpret_cast<const char*>(&size), 8);
    out.write(text.data(), static_cast<qint64>(size));
    out.write(bytes.mid(8 + static_cast<int>(header_bytes)));
}

std::string refusal(const QTemporaryDir& folder) {
    try {
        fm::loadWeights(*fm::Checkpoint::open(folder.path().toStdString()), at::kCPU, at::kFloat);
    } catch (const fm::FormatError& error) {
        return error.what();
    }
    return "loaded";
}

void rename(json& header, const char* from, const char* to) {
    header[to] = header.at(from);
    header.erase(from);
}

fm::ModelConfig midSized() {
    fm::ModelConfig config;
    config.vocab_size = 24000;
    config.hidden_size = 1024;
    config.intermediate_size = 3072;
    config.num_layers = 4;
    config.num_heads = 16;
    config.num_kv_heads = 8;
    config.head_dim = 64;
    config.max_position = 2048;
    return config;
}

// A bf16 checkpoint of zeros as a sparse file: nothing of it passes through this process's memory.
std::int64_t writeSparse(const QTemporaryDir& folder, const fm::ModelConfig& config) {
    json header;
    std::int64_t offset = 0;
    for (const fm::ExpectedTensor& tensor : fm::expectedTensors(config)) {
        std::int64_t bytes = 2;
        for (const std::int64_t size : tensor.shape) bytes *= size;
        header[tensor.name] = {{"dtype", "BF16"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    std::string text = header.dump();
    while (text.size() % 8) text += ' ';
    const std::uint64_t size = text.size();
    QFile file(folder.filePath("model.safetensors"));
    if (!file.open(QIODevice::WriteOnly)) return 0;
    file.write(reinterpret_cast<const char*>(&size), 8);
    file.write(text.data(), static_cast<qint64>(size));
    file.resize(8 + static_cast<qint64>(size) + offset);
    std::ofstream(folder.filePath("config.json").toStdString()) << fm::toHfConfig(config, "bfloat16");
    return offset;
}

// Makes VmHWM begin anew at the present size, without what the allocator keeps for reuse.
bool forgetPeak() {
    malloc_trim(0);
    std::ofstream file("/proc/self/clear_refs");
    file << "5" << std::flush;
    return file.good();
}

class TestWeightLoader : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void listsEverythingThatDiffers() {
        const QTemporaryDir folder;
        writeEdited(folder, [](json& header) {
            rename(header, "model.norm.weight", "model.nurm.weight");
            rename(header, "model.layers.1.self_attn.k_proj.bias", "model.layers.7.self_attn.k_proj.bias");
            json& shape = header.at("model.layers.0.mlp.up_proj.weight").at("shape");
            std::swap(shape[0], shape[1]);
        });
        const std::string text = refusal(folder);
        for (const char* expected :
             {"missing: model.norm.weight", "missing: model.layers.1.self_attn.k_proj.bias", "model.nurm.weight",
              "model.layers.7.self_attn.k_proj.bias", "misshaped: model.layers.0.mlp.up_proj.weight"}) {
            QVERIFY2(text.find(expected) != std::string::npos, (std::string(expected) + " not in: " + text).c_str());
        }
        QVERIFY2(text.starts_with(folder.path().toStdString()), text.c_str());
    }

    void acceptsTheUnchangedCopy() {
        const QTemporaryDir folder;
        writeEdited(folder, [](json&) {});
        QCOMPARE(refusal(folder), std::string("loaded"));
    }

    void everyValueArrives_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"llama_rope", "smollm", "qwen2", "qwen3"}) QTest::newRow(name) << name;
    }
    // Under the visitor's names, each tensor holds the file's values; norms stay fp32 in a bf16 model.
    void everyValueArrives() {
        QFETCH(QString, name);
        const std::unique_ptr<fm::Checkpoint> checkpoint =
            fm::Checkpoint::open(fm::test::modelFolder(name.toStdString()));
        for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
            fm::DecoderWeights weights = fm::loadWeights(*checkpoint, at::kCPU, dtype);
            std::size_t visited = 0;
            fm::forEachTensor(weights, [&](const std::string& key, at::Tensor& tensor) {
                ++visited;
                const fm::TensorView* view = checkpoint->find(key);
                QVERIFY2(view, key.c_str());
                QCOMPARE(tensor.sizes().vec(), view->shape);
                const at::Tensor stored = at::empty(view->shape, at::TensorOptions(at::kFloat));
                fm::dequantise(*view, {stored.mutable_data_ptr<float>(), static_cast<std::size_t>(stored.numel())});
                QVERIFY2(at::equal(tensor, stored.to(tensor.scalar_type())), key.c_str());
                const bool norm = key.find("norm") != std::string::npos;
                const at::ScalarType wide = dtype == at::kDouble ? at::kDouble : at::kFloat;
                QCOMPARE(tensor.scalar_type(), norm ? wide : dtype);
            });
            QCOMPARE(visited, checkpoint->tensors().size());
        }
    }

    void tiedHeadIsTheEmbedding() {
        const fm::DecoderWeights tied = fm::test::loadModelFixture("smollm", at::kFloat).weights;
        QVERIFY(tied.head_VD.is_same(tied.embed_VD));
        const fm::DecoderWeights untied = fm::test::loadModelFixture("qwen2", at::kFloat).weights;
        QVERIFY(!at::equal(untied.head_VD, untied.embed_VD));
    }

    void reportsProgressAndStops() {
        const std::unique_ptr<fm::Checkpoint> checkpoint = fm::Checkpoint::open(fm::test::modelFolder("qwen3"));
        std::int64_t last = 0;
        fm::loadWeights(*checkpoint, at::kCPU, at::kFloat, [&last](std::int64_t done, std::int64_t total) {
            QCOMPARE(done, last + 1);
            QCOMPARE(total, 24);  // embedding, final norm and 2 x 11; the head is tied
            last = done;
        });
        QCOMPARE(last, 24);
        QVERIFY_THROWS_EXCEPTION(fm::Cancelled,
                                 fm::loadWeights(*checkpoint, at::kCPU, at::kFloat,
                                                 [](std::int64_t, std::int64_t) { throw fm::Cancelled(); }));
    }

    void randomWeightsFollowTheSeed() {
        fm::ModelConfig config = midSized();
        config.vocab_size = 64;
        config.num_layers = 2;
        const fm::DecoderWeights a = fm::randomWeights(config, 5, at::kCPU, at::kFloat);
        const fm::DecoderWeights b = fm::randomWeights(config, 5, at::kCPU, at::kFloat);
        const fm::DecoderWeights c = fm::randomWeights(config, 6, at::kCPU, at::kFloat);
        QVERIFY(at::equal(a.layers[1].attn.v.weight_OI, b.layers[1].attn.v.weight_OI));
        QVERIFY(!at::equal(a.layers[1].attn.v.weight_OI, c.layers[1].attn.v.weight_OI));
        QVERIFY(std::abs(a.layers[0].mlp.up_ID.std().item<double>() - 0.02) < 0.0005);
        QVERIFY(std::abs(a.layers[0].mlp.down_DI.std().item<double>() - 0.01) < 0.0005);
    }

    void peakMemory_data() {
        QTest::addColumn<bool>("half");
        QTest::newRow("bf16 file to bf16") << true;
        QTest::newRow("bf16 file to fp32") << false;
    }
    void peakMemory() {
        QFETCH(bool, half);
        const QTemporaryDir folder;
        const std::int64_t file_bytes = writeSparse(folder, midSized());
        QVERIFY(file_bytes > 100'000'000);
        if (!forgetPeak()) QSKIP("this system does not let a process reset its peak memory");
        const std::int64_t before = fm::peakMemoryBytes();
        const fm::DecoderWeights weights = fm::loadWeights(*fm::Checkpoint::open(folder.path().toStdString()), at::kCPU,
                                                           half ? at::kBFloat16 : at::kFloat);
        const double growth = static_cast<double>(fm::peakMemoryBytes() - before);
        const double weight_bytes = static_cast<double>(file_bytes) * (half ? 1 : 2);
        // Threads that start meanwhile and pages mapped ahead cost a few MB whatever the model's size.
        QVERIFY2(growth <= 1.15 * weight_bytes + 8e6, qPrintable(QString::number(growth / weight_bytes)));
        QVERIFY2(growth >= 0.9 * weight_bytes, qPrintable(QString::number(growth / weight_bytes)));
        QVERIFY(weights.layers.size() == 4);
    }
};

}  // namespace

QTEST_GUILESS_MAIN(TestWeightLoader)
#include "test_weight_loader.moc"
