// GGUF metadata and tensors as the `gguf` package wrote them (fixtures/formats/make_tiny_models.py).
#include <QtTest>
#include <cmath>

#include "core/base/error.h"
#include "core/formats/gguf.h"
#include "core/formats/gguf_rope_factors.h"

using namespace fm;

class TestGguf : public QObject {
    Q_OBJECT

    const GgufFile file_ = GgufFile::open(FM_FIXTURES "/formats/models/llama.gguf");

private Q_SLOTS:
    void valuesHaveTheirTypes() {
        QCOMPARE(file_.text("general.architecture").value(), std::string_view("llama"));
        QCOMPARE(file_.integer("llama.block_count").value(), std::int64_t{2});
        QCOMPARE(file_.number("llama.block_count").value(), 2.0);
        QCOMPARE(file_.number("llama.rope.freq_base").value(), 500000.0);
        QCOMPARE(file_.number("llama.attention.layer_norm_rms_epsilon").value(), 1e-5);  // stored as a 32-bit float
        QVERIFY(!file_.integer("llama.expert_count"));
        QVERIFY_THROWS_EXCEPTION(FormatError, file_.integer("general.architecture"));
        QVERIFY_THROWS_EXCEPTION(FormatError, file_.text("llama.block_count"));
        QVERIFY_THROWS_EXCEPTION(FormatError, file_.boolean("llama.block_count"));
        QVERIFY_THROWS_EXCEPTION(FormatError, file_.array("tokenizer.ggml.tokens", GgufType::I32));
    }

    void arraysStayInTheFile() {
        const GgufArray tokens = file_.array("tokenizer.ggml.tokens", GgufType::String).value();
        QCOMPARE(tokens.count, std::size_t{80});
        std::size_t next = 0;
        tokens.forEachString([&](std::size_t i, std::string_view text) {
            QCOMPARE(i, next++);
            QCOMPARE(std::string(text), "t" + std::to_string(i));
        });
        QCOMPARE(next, std::size_t{80});
        const GgufArray scores = file_.array("tokenizer.ggml.scores", GgufType::F32).value();
        QCOMPARE(scores.numberAt(0), 0.0);
        QCOMPARE(scores.numberAt(79), -39.5);
    }

    void shapesAreRowMajor() {
        const TensorView* embedding = file_.find("token_embd.weight");
        QVERIFY(embedding != nullptr);
        QVERIFY((embedding->shape == std::vector<std::int64_t>{80, 32}));
        QVERIFY(embedding->dtype == DType::F32);
        QCOMPARE(file_.tensors().size(), std::size_t{22});  // with rope_freqs.weight
        QCOMPARE(file_.find("model.embed_tokens.weight"), nullptr);
    }

    // Llama 3.1's parameters. Expected: unscaled over scaled frequencies of transformers 5.23
    // (ROPE_INIT_FUNCTIONS["llama3"]), which computes them in single precision.
    void llama3FactorsFollowTheFormula() {
        const Llama3RopeScaling scaling{8, 1, 4, 8192};
        QCOMPARE(llama3RopeFactor(scaling, 500000, 128, 0), 1.0);
        QCOMPARE(llama3RopeFactor(scaling, 500000, 128, 28), 1.0);
        QVERIFY(std::abs(llama3RopeFactor(scaling, 500000, 128, 29) - 1.2074839) < 1e-6);
        QVERIFY(std::abs(llama3RopeFactor(scaling, 500000, 128, 31) - 2.0263131) < 1e-6);
        QVERIFY(std::abs(llama3RopeFactor(scaling, 500000, 128, 34) - 5.2573272) < 1e-6);
        QCOMPARE(llama3RopeFactor(scaling, 500000, 128, 36), 8.0);
        QCOMPARE(llama3RopeFactor(scaling, 500000, 128, 63), 8.0);
    }
};

QTEST_GUILESS_MAIN(TestGguf)
#include "test_gguf.moc"
