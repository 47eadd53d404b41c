// config.json texts that a decoder must not be built from: each refused with a sentence naming file and key.
#include <QtTest>

#include "core/formats/model_config.h"
#include "tests/formats/bad_file_check.h"
#include "tests/formats/file_builders.h"

using namespace fm;

namespace {

void addRow(const char* name, const std::string& text, const char* place) {
    QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(place);
}

// The right config with `from` replaced by `to`.
void addChanged(const char* name, const char* from, const std::string& to, const char* place) {
    std::string text = tinyLlamaConfig();
    const std::size_t at = text.find(from);
    if (at == std::string::npos) qFatal("the row %s changes nothing", name);
    addRow(name, text.replace(at, std::strlen(from), to), place);
}
void addMore(const char* name, const std::string& more, const char* place) {
    addChanged(name, "{", "{" + more + ",", place);
}

void addJsonRows() {
    addRow("empty", "", "byte");
    addRow("array", "[]", "byte 0");
    addRow("cut off", tinyLlamaConfig().substr(0, 60), "byte");
    addRow("text after it", tinyLlamaConfig() + "x", "byte");
    addRow("no UTF-8", "{\"model_type\":\"\xff\"}", "byte");
    addRow("too deep", R"({"a":)" + std::string(3000, '['), "byte");
    std::string zeros = R"({"a":[0)";
    for (int i = 0; i < 32000; ++i) zeros += ",0";
    addRow("an array of 32,000 zeros", zeros + "]}", "model_type");
    addRow("over 64 KB", R"({"a":")" + std::string(70000, 'x') + "\"}", "byte 0");
    addRow("a number beyond double", R"({"a":1e999})", "byte");
    addMore("key twice", R"("vocab_size":8)", "key \"vocab_size\"");
    addMore("key twice inside", R"("rope_scaling":{"rope_type":"default","rope_type":"default"})", "key \"rope_type\"");
}

void addFamilyRows() {
    addChanged("other model", R"("model_type":"llama")", R"("model_type":"mistral")", "key \"model_type\"");
    addChanged("no model type", R"("model_type":"llama",)", "", "key \"model_type\"");
    addChanged("model type is a number", R"("model_type":"llama")", R"("model_type":1)", "key \"model_type\"");
    addChanged("other head", "LlamaForCausalLM", "LlamaForSequenceClassification", "key \"architectures\"");
    addChanged("gelu", "silu", "gelu", "key \"hidden_act\"");
    addMore("bias on o", R"("attention_bias":true)", "key \"attention_bias\"");
    addMore("bias in the MLP", R"("mlp_bias":true)", "key \"mlp_bias\"");
    addMore("sliding window", R"("sliding_window":4096)", "key \"sliding_window\"");
    addMore("sliding window in use", R"("use_sliding_window":true)", "key \"use_sliding_window\"");
    addMore("layer types", R"("layer_types":["sliding_attention"])", "key \"layer_types\"");
    addMore("layer types as text", R"("layer_types":"full_attention")", "key \"layer_types\"");
    addMore("interleaved rotary pairs", R"("rope_interleaved":true)", "key \"rope_interleaved\"");
    addMore("packed weights", R"("quantization_config":{"bits":4})", "key \"quantization_config\"");
}

void addSizeRows() {
    addChanged("no width", R"("hidden_size":32,)", "", "key \"hidden_size\"");
    addChanged("null width", R"("hidden_size":32)", R"("hidden_size":null)", "key \"hidden_size\"");
    addChanged("fractional width", R"("hidden_size":32)", R"("hidden_size":32.0)", "key \"hidden_size\"");
    addChanged("negative width", R"("hidden_size":32)", R"("hidden_size":-32)", "key \"hidden_size\"");
    addChanged("width as text", R"("hidden_size":32)", R"("hidden_size":"32")", "key \"hidden_size\"");
    addChanged("width of 2^63", R"("hidden_size":32)", R"("hidden_size":9223372036854775808)", "key \"hidden_size\"");
    addChanged("no layers", R"("num_hidden_layers":1)", R"("num_hidden_layers":0)", "key \"num_hidden_layers\"");
    addChanged("a billion layers", R"("num_hidden_layers":1)", R"("num_hidden_layers":1000000000)",
               "key \"num_hidden_layers\"");
    addChanged("no heads", R"("num_attention_heads":4)", R"("num_attention_heads":0)", "key \"hidden_size\"");
    addChanged("heads that do not divide", R"("num_attention_heads":4)", R"("num_attention_heads":5)",
               "key \"hidden_size\"");
    addChanged("K/V heads that do not divide", R"("num_key_value_heads":2)", R"("num_key_value_heads":3)",
               "key \"num_key_value_heads\"");
    addChanged("more K/V heads than heads", R"("num_key_value_heads":2)", R"("num_key_value_heads":8)",
               "key \"num_key_value_heads\"");
    addMore("odd head width", R"("head_dim":7)", "key \"head_dim\"");
    addRow("qwen2 without K/V heads",
           R"({"model_type":"qwen2","vocab_size":8,"hidden_size":32,"intermediate_size":32,"num_hidden_layers":1,)"
           R"("num_attention_heads":4,"max_position_embeddings":64,"rms_norm_eps":1e-6})",
           "key \"num_key_value_heads\": is missing");
    addChanged("qwen3 without head_dim", R"("architectures":["LlamaForCausalLM"],"model_type":"llama")",
               R"("model_type":"qwen3")", "key \"head_dim\"");
    addChanged("vocabulary of 2^40", R"("vocab_size":8)", R"("vocab_size":1099511627776)", "key \"vocab_size\"");
    addChanged("epsilon of 0", "1e-5", "0.0", "key \"rms_norm_eps\"");
    addChanged("end token outside", R"("eos_token_id":2)", R"("eos_token_id":8)", "key \"eos_token_id\"");
    addChanged("end token list", R"("eos_token_id":2)", R"("eos_token_id":[2,"3"])", "key \"eos_token_id\"");
    addChanged("tie as a number", R"("tie_word_embeddings":true)", R"("tie_word_embeddings":1)",
               "key \"tie_word_embeddings\"");
}

void addRopeRows() {
    addChanged("theta of 0", "10000.0", "0", "key \"rope_theta\"");
    addChanged("theta as text", "10000.0", "\"10000\"", "key \"rope_theta\"");
    addMore("yarn", R"("rope_scaling":{"rope_type":"yarn","factor":4.0})", "key \"rope_scaling.rope_type\"");
    addMore("old linear", R"("rope_scaling":{"type":"linear","factor":2.0})", "key \"rope_scaling.type\"");
    addMore("no type", R"("rope_scaling":{"factor":2.0})", "key \"rope_scaling.rope_type\"");
    addMore("scaling is a number", R"("rope_scaling":8)", "key \"rope_scaling\"");
    addMore("two types", R"("rope_parameters":{"rope_type":"default","type":"llama3","rope_theta":10000.0})",
            "key \"rope_parameters.type\"");
    addMore("part of the head", R"("partial_rotary_factor":0.5)", "key \"partial_rotary_factor\"");
    addMore("two thetas", R"("rope_parameters":{"rope_type":"default","rope_theta":5000.0})", "key \"rope_theta\"");
    addMore("per layer type", R"("rope_parameters":{"full_attention":{"rope_type":"default"}})",
            "key \"rope_parameters.rope_type\"");
    addMore("unknown scaling key", R"("rope_scaling":{"rope_type":"default","factor":8.0})",
            "key \"rope_scaling.factor\"");
    addMore("llama3 without original length",
            R"("rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0})",
            "key \"rope_scaling.original_max_position_embeddings\"");
    addMore("llama3 with equal factors",
            R"("rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":4.0,"high_freq_factor":4.0,)"
            R"("original_max_position_embeddings":8192})",
            "key \"high_freq_factor\"");
    addMore("old and new disagree",
            R"("rope_parameters":{"rope_type":"default","rope_theta":10000.0},)"
            R"("rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,)"
            R"("original_max_position_embeddings":8192})",
            "key \"rope_scaling\"");
}

}  // namespace

class TestBadConfig : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theRightOneIsAccepted() { QCOMPARE(parseHfConfig(tinyLlamaConfig(), "config.json").head_dim, 8); }

    void isRefused_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("place");
        addJsonRows();
        addFamilyRows();
        addSizeRows();
        addRopeRows();
    }
    void isRefused() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, place);
        expectRefusal("folder/config.json", static_cast<std::size_t>(text.size()), place.toStdString(),
                      [&] { parseHfConfig(text.toStdString(), "folder/config.json"); });
    }
};

QTEST_GUILESS_MAIN(TestBadConfig)
#include "test_bad_config.moc"
