// Tiny models of every family, as HF folder and as GGUF (fixtures/formats/make_tiny_models.py): the same config, the
// same tensors, the same values in HF's names and row order.
#include <QtTest>

#include "core/base/error.h"
#include "core/formats/checkpoint.h"
#include "core/formats/safetensors.h"

using namespace fm;

namespace {

std::string model(const char* name) { return std::string(FM_FIXTURES "/formats/models/") + name; }

std::vector<float> valuesOf(const Checkpoint& checkpoint, const TensorView& view) {
    std::vector<float> values(static_cast<std::size_t>(view.elements()), -12345.0f);
    checkpoint.read(view, values);
    return values;
}

std::vector<float> valuesOf(const TensorView& view) {
    std::vector<float> values(static_cast<std::size_t>(view.elements()), -12345.0f);
    dequantise(view, values);
    return values;
}

QString joined(const std::vector<std::string>& lines) {
    QString text;
    for (const std::string& line : lines) text += QString::fromStdString(line) + "\n";
    return text;
}

}  // namespace

class TestCheckpoint : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTensorIsAccountedFor_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("format");
        for (const char* name : {"llama", "llama_sharded", "qwen2", "qwen3"}) {
            QTest::newRow(name) << name << "safetensors";
        }
        for (const char* name : {"llama.gguf", "llama_quantised.gguf", "qwen2.gguf", "qwen3.gguf"}) {
            QTest::newRow(name) << name << "gguf";
        }
    }
    void everyTensorIsAccountedFor() {
        QFETCH(QString, name);
        QFETCH(QString, format);
        const auto checkpoint = Checkpoint::open(model(qPrintable(name)));
        QCOMPARE(joined(accountForTensors(*checkpoint)), QString());
        QCOMPARE(QString::fromStdString(checkpoint->format()), format);
        QCOMPARE(checkpoint->tensors().size(), expectedTensors(checkpoint->config()).size());
        QCOMPARE(checkpoint->find("model.layers.2.mlp.up_proj.weight"), nullptr);
    }

    void ggufEqualsHf_data() {
        QTest::addColumn<QString>("hf");
        QTest::addColumn<QString>("gguf");
        QTest::newRow("llama") << "llama"
                               << "llama.gguf";
        QTest::newRow("sharded") << "llama"
                                 << "llama_sharded";
        QTest::newRow("qwen2") << "qwen2"
                               << "qwen2.gguf";
        QTest::newRow("qwen3") << "qwen3"
                               << "qwen3.gguf";
    }
    void ggufEqualsHf() {
        QFETCH(QString, hf);
        QFETCH(QString, gguf);
        const auto expected = Checkpoint::open(model(qPrintable(hf)));
        const auto got = Checkpoint::open(model(qPrintable(gguf)));
        QCOMPARE(toHfConfig(got->config(), "float32"), toHfConfig(expected->config(), "float32"));
        for (const TensorView& tensor : expected->tensors()) {
            const TensorView* other = got->find(tensor.name);
            QVERIFY2(other != nullptr, tensor.name.c_str());
            QVERIFY2(other->shape == tensor.shape, tensor.name.c_str());
            QVERIFY2(valuesOf(*got, *other) == valuesOf(tensor), tensor.name.c_str());
        }
    }

    void quantisedRowsReturnToHfOrder() {
        const auto got = Checkpoint::open(model("llama_quantised.gguf"));
        const SafetensorsFile expected = SafetensorsFile::open(model("llama_quantised.safetensors"));
        QCOMPARE(expected.tensors().size(), got->tensors().size());
        int quantised = 0;
        for (const TensorView& tensor : got->tensors()) {
            const TensorView* oracle = expected.find(tensor.name);
            QVERIFY2(oracle != nullptr, tensor.name.c_str());
            QVERIFY2(valuesOf(*got, tensor) == valuesOf(*oracle), tensor.name.c_str());
            quantised += blockElements(tensor.dtype) > 1;
        }
        QVERIFY(quantised >= 8);
    }

    void hashFollowsContentAndNotFiles() {
        const std::string whole = Checkpoint::open(model("llama"))->contentHash();
        QCOMPARE(whole.size(), std::size_t{32});
        QCOMPARE(Checkpoint::open(model("llama_sharded"))->contentHash(), whole);
        QVERIFY(Checkpoint::open(model("llama_quantised.gguf"))->contentHash() != whole);
        QVERIFY(Checkpoint::open(model("qwen3"))->contentHash() != whole);
    }

    // One changed weight, and one changed number of the config, must each change the hash.
    void hashSeesEveryChange() {
        const QTemporaryDir folder;
        const auto copy = [&](const char* file) {
            const QString target = folder.filePath(file);
            QFile::remove(target);
            QVERIFY(QFile::copy(QString::fromStdString(model("qwen3/")) + file, target));
            QVERIFY(QFile::setPermissions(target, QFile::ReadOwner | QFile::WriteOwner));
        };
        copy("config.json");
        copy("model.safetensors");
        const auto hash = [&] { return Checkpoint::open(folder.path().toStdString())->contentHash(); };
        const std::string before = hash();
        QCOMPARE(before, Checkpoint::open(model("qwen3"))->contentHash());

        QFile weights(folder.filePath("model.safetensors"));
        QVERIFY(weights.open(QIODevice::ReadWrite) && weights.seek(weights.size() - 1));
        char last = 0;
        QVERIFY(weights.getChar(&last) && weights.seek(weights.size() - 1) && weights.putChar(last ^ 1));
        weights.close();
        QVERIFY(hash() != before);

        copy("model.safetensors");
        QCOMPARE(hash(), before);
        QFile config(folder.filePath("config.json"));
        QVERIFY(config.open(QIODevice::ReadWrite));
        const QByteArray text = config.readAll().replace("1000000.0", "1000001.0");
        QVERIFY(config.seek(0) && config.write(text) == text.size());
        config.close();
        QVERIFY(hash() != before);
    }

    void differencesAreListed() {
        const QTemporaryDir folder;
        const auto original = Checkpoint::open(model("qwen3"));
        const float ones[64 * 32] = {};
        std::vector<TensorToWrite> tensors;
        for (const TensorView& tensor : original->tensors()) {
            TensorToWrite write{tensor.name, tensor.dtype, tensor.shape, tensor.bytes.data()};
            if (tensor.name == "model.norm.weight") continue;
            if (tensor.name == "model.layers.0.mlp.up_proj.weight") std::swap(write.shape[0], write.shape[1]);
            if (tensor.name == "model.layers.1.mlp.up_proj.weight") write = {tensor.name, DType::I32, {64, 32}, ones};
            tensors.push_back(write);
        }
        tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", DType::F32, {8}, ones});
        tensors.push_back({"score.weight", DType::F32, {2, 32}, ones});
        tensors.push_back({"lm_head.weight", DType::F32, {80, 16}, ones});
        writeSafetensors(folder.filePath("model.safetensors").toStdString(), tensors);
        QVERIFY(QFile::copy(QString::fromStdString(model("qwen3/config.json")), folder.filePath("config.json")));
        const auto checkpoint = Checkpoint::open(folder.path().toStdString());
        const QString problems = joined(accountForTensors(*checkpoint));
        QCOMPARE(problems.count('\n'), 5);
        QVERIFY(problems.contains("missing: model.norm.weight [32]"));
        QVERIFY(problems.contains("misshaped: model.layers.0.mlp.up_proj.weight is [32, 64], must be [64, 32]"));
        QVERIFY(problems.contains("mistyped: model.layers.1.mlp.up_proj.weight is I32"));
        QVERIFY(problems.contains("unused: \"score.weight\" [2, 32]"));
        QVERIFY(problems.contains("unused: \"lm_head.weight\" [80, 16], but the config ties the head"));
    }

    // Some exporters store the tied head once more. The same bytes are no contradiction.
    void storedCopyOfTiedHeadIsAccepted() {
        const QTemporaryDir folder;
        const auto original = Checkpoint::open(model("qwen3"));
        std::vector<TensorToWrite> tensors;
        for (const TensorView& tensor : original->tensors()) {
            tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes.data()});
        }
        const TensorView* embedding = original->find("model.embed_tokens.weight");
        tensors.push_back({"lm_head.weight", embedding->dtype, embedding->shape, embedding->bytes.data()});
        writeSafetensors(folder.filePath("model.safetensors").toStdString(), tensors);
        QVERIFY(QFile::copy(QString::fromStdString(model("qwen3/config.json")), folder.filePath("config.json")));
        QCOMPARE(joined(accountForTensors(*Checkpoint::open(folder.path().toStdString()))), QString());
    }

    void noModelIsTheUsersMistake() {
        const QTemporaryDir folder;
        for (const std::string& path : {model("nowhere"), folder.path().toStdString(), model("qwen3/config.json")}) {
            try {
                Checkpoint::open(path);
                QFAIL("something was opened where no model is");
            } catch (const InputError& error) {
                QCOMPARE(error.problems().at(0).field, path);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestCheckpoint)
#include "test_checkpoint.moc"
