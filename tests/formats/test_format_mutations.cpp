// Right files with random damage, the same on every run: reading one either works or ends in one of our errors that
// names the file, allocates no more than the file's size and fixed tables, and touches no foreign memory (which the
// sanitizer build sees).
#include <QtTest>
#include <functional>
#include <random>

#include "core/base/error.h"
#include "core/formats/checkpoint.h"
#include "core/formats/safetensors.h"
#include "tests/formats/bad_file_check.h"
#include "tests/formats/file_builders.h"
#include "tests/support/damage_bytes.h"

using namespace fm;

namespace {

constexpr int kRounds = 2500;

class Mutator {
public:
    // Most damage goes to the first `structure_bytes`, where the file says how the rest is to be read.
    explicit Mutator(std::size_t structure_bytes) : structure_bytes_(structure_bytes) {}

    std::string damage(std::string bytes) {
        testing::damageBytes(bytes, random_, [this](const std::string& now) {
            const std::size_t range = random_() % 16 == 0 ? now.size() : std::min(now.size(), structure_bytes_);
            return random_() % range;
        });
        return bytes;
    }

private:
    std::mt19937_64 random_{20260630};
    std::size_t structure_bytes_;
};

struct Outcome {
    int accepted = 0;
    int refused = 0;
};

// `read` of every damaged text; `named` is what an error must begin with.
Outcome readDamaged(const std::string& right, std::size_t structure_bytes, const std::string& named,
                    const std::function<void(const std::string&)>& read) {
    Mutator mutator(structure_bytes);
    Outcome outcome;
    for (int round = 0; round < kRounds; ++round) {
        const std::string bytes = mutator.damage(right);
        const AllocationWatch watch;
        try {
            read(bytes);
            ++outcome.accepted;
        } catch (const WorldError& error) {
            ++outcome.refused;
            if (!QByteArray(error.what()).startsWith(named.c_str())) qFatal("names no file: %s", error.what());
        } catch (const InputError&) {
            ++outcome.refused;
        }  // anything else ends the test
        if (AllocationWatch::largest() > bytes.size() + kFixedTables) {
            qFatal("round %d allocated %zu bytes for a file of %zu", round, AllocationWatch::largest(), bytes.size());
        }
    }
    return outcome;
}

// Reads what a strict loader reads: all weights, when every tensor is accounted for.
void useAll(const Checkpoint& checkpoint) {
    if (!accountForTensors(checkpoint).empty()) return;
    for (const TensorView& tensor : checkpoint.tensors()) {
        std::vector<float> out(static_cast<std::size_t>(tensor.elements()));
        checkpoint.read(tensor, out);
    }
    checkpoint.contentHash();
}

void checkBothHappened(const Outcome& outcome) {
    // A mutator that breaks everything, or nothing, would test nothing.
    QVERIFY2(outcome.accepted > kRounds / 200, qPrintable(QString::number(outcome.accepted)));
    QVERIFY2(outcome.refused > kRounds / 4, qPrintable(QString::number(outcome.refused)));
}

}  // namespace

class TestFormatMutations : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

private Q_SLOTS:
    void gguf() {
        const std::string path = folder_.filePath("m.gguf").toStdString();
        const GgufParts parts = tinyLlamaGguf();
        const std::string right = parts.bytes();
        checkBothHappened(readDamaged(right, right.size() - parts.data_bytes, path, [&](const std::string& bytes) {
            writeBytes(path, bytes);
            useAll(*Checkpoint::open(path));
        }));
    }

    void safetensors() {
        const std::string path = folder_.filePath("m.safetensors").toStdString();
        const std::vector<char> zeros(4096);
        std::vector<TensorToWrite> tensors;
        for (const char* name : {"a", "b", "c", "d"}) {
            tensors.push_back({name, DType::BF16, {4, 8}, zeros.data()});
            tensors.push_back({std::string(name) + "_scale", DType::F32, {4}, zeros.data()});
        }
        writeSafetensors(path, tensors, {{"note", "n"}});
        QFile file(QString::fromStdString(path));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const std::string right = file.readAll().toStdString();
        checkBothHappened(readDamaged(right, 700, path, [&](const std::string& bytes) {
            writeBytes(path, bytes);
            const SafetensorsFile damaged = SafetensorsFile::open(path);
            for (const TensorView& tensor : damaged.tensors()) {
                std::vector<float> out(static_cast<std::size_t>(tensor.elements()));
                dequantise(tensor, out);
            }
        }));
    }

    void index() {
        const std::string folder = folder_.path().toStdString();
        writeBytes(folder + "/config.json", tinyLlamaConfig());
        writeBytes(folder + "/s.safetensors",
                   safetensorsBytes(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4));
        const std::string right =
            R"({"metadata":{"total_size":4,"more":[1,-2,{"x":null}]},"weight_map":{"a":"s.safetensors"}})";
        checkBothHappened(readDamaged(right, right.size(), folder, [&](const std::string& bytes) {
            writeBytes(folder + "/model.safetensors.index.json", bytes);
            Checkpoint::open(folder);
        }));
    }

    void config() {
        const std::string right = tinyLlamaConfig();
        checkBothHappened(readDamaged(right, right.size(), "c.json", [&](const std::string& text) {
            const ModelConfig config = parseHfConfig(text, "c.json");
            // Whatever was accepted is within the limits that later code relies on.
            if (config.num_layers > 1024 || config.hidden_size < 1) qFatal("an impossible config was accepted");
            expectedTensors(config);
        }));
    }
};

QTEST_GUILESS_MAIN(TestFormatMutations)
#include "test_format_mutations.moc"
