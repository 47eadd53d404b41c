// Names, shapes, types and config keys of both formats, against tables typed from the classes' sources.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/formats/safetensors.h"
#include "tests/export/export_fixture.h"

using namespace fm;
using namespace fm::testing;

namespace {

struct Row {
    std::string name;
    std::vector<std::int64_t> shape;
    bool f32 = false;
};

// Width 32, MLP 40, vocabulary 61, 4 heads and 2 K/V heads of 8; layer 0 linear, layer 1 full.
const std::vector<Row> kFla = {
    {"model.embeddings.weight", {61, 32}},
    {"model.layers.0.attn_norm.weight", {32}, true},
    {"model.layers.0.mlp_norm.weight", {32}, true},
    {"model.layers.0.attn.q_proj.weight", {32, 32}},
    {"model.layers.0.attn.k_proj.weight", {32, 32}},
    {"model.layers.0.attn.v_proj.weight", {32, 32}},
    {"model.layers.0.attn.a_proj.weight", {4, 32}},
    {"model.layers.0.attn.b_proj.weight", {4, 32}},
    {"model.layers.0.attn.A_log", {4}, true},
    {"model.layers.0.attn.dt_bias", {4}, true},
    {"model.layers.0.attn.g_proj.weight", {32, 32}},
    {"model.layers.0.attn.o_norm.weight", {8}, true},
    {"model.layers.0.attn.o_proj.weight", {32, 32}},
    {"model.layers.0.mlp.gate_proj.weight", {40, 32}},
    {"model.layers.0.mlp.up_proj.weight", {40, 32}},
    {"model.layers.0.mlp.down_proj.weight", {32, 40}},
    {"model.layers.1.attn_norm.weight", {32}, true},
    {"model.layers.1.mlp_norm.weight", {32}, true},
    {"model.layers.1.attn.q_proj.weight", {32, 32}},
    {"model.layers.1.attn.k_proj.weight", {16, 32}},
    {"model.layers.1.attn.v_proj.weight", {16, 32}},
    {"model.layers.1.attn.o_proj.weight", {32, 32}},
    {"model.layers.1.attn.q_proj.bias", {32}},
    {"model.layers.1.attn.k_proj.bias", {16}},
    {"model.layers.1.attn.v_proj.bias", {16}},
    {"model.layers.1.mlp.gate_proj.weight", {40, 32}},
    {"model.layers.1.mlp.up_proj.weight", {40, 32}},
    {"model.layers.1.mlp.down_proj.weight", {32, 40}},
    {"model.norm.weight", {32}, true},
    {"lm_head.weight", {61, 32}},
};

// The same with heads of 16 on width 32, and tied: no lm_head.
const std::vector<Row> kQwen3_5 = {
    {"model.embed_tokens.weight", {61, 32}},
    {"model.layers.0.input_layernorm.weight", {32}, true},
    {"model.layers.0.post_attention_layernorm.weight", {32}, true},
    {"model.layers.0.linear_attn.in_proj_qkv.weight", {192, 32}},
    {"model.layers.0.linear_attn.in_proj_z.weight", {64, 32}},
    {"model.layers.0.linear_attn.in_proj_b.weight", {4, 32}},
    {"model.layers.0.linear_attn.in_proj_a.weight", {4, 32}},
    {"model.layers.0.linear_attn.conv1d.weight", {192, 1, 4}},
    {"model.layers.0.linear_attn.A_log", {4}, true},
    {"model.layers.0.linear_attn.dt_bias", {4}, true},
    {"model.layers.0.linear_attn.norm.weight", {16}, true},
    {"model.layers.0.linear_attn.out_proj.weight", {32, 64}},
    {"model.layers.0.mlp.gate_proj.weight", {40, 32}},
    {"model.layers.0.mlp.up_proj.weight", {40, 32}},
    {"model.layers.0.mlp.down_proj.weight", {32, 40}},
    {"model.layers.1.input_layernorm.weight", {32}, true},
    {"model.layers.1.post_attention_layernorm.weight", {32}, true},
    {"model.layers.1.self_attn.q_proj.weight", {128, 32}},
    {"model.layers.1.self_attn.k_proj.weight", {32, 32}},
    {"model.layers.1.self_attn.v_proj.weight", {32, 32}},
    {"model.layers.1.self_attn.o_proj.weight", {32, 64}},
    {"model.layers.1.self_attn.q_norm.weight", {16}, true},
    {"model.layers.1.self_attn.k_norm.weight", {16}, true},
    {"model.layers.1.mlp.gate_proj.weight", {40, 32}},
    {"model.layers.1.mlp.up_proj.weight", {40, 32}},
    {"model.layers.1.mlp.down_proj.weight", {32, 40}},
    {"model.norm.weight", {32}, true},
};

void compareTable(const std::string& folder, const std::vector<Row>& table) {
    const SafetensorsFile file = SafetensorsFile::open(folder + "/model.safetensors");
    QCOMPARE(QString::fromStdString(file.metadata().at("format")), QString("pt"));
    for (const Row& row : table) {
        const TensorView* view = file.find(row.name);
        QVERIFY2(view != nullptr, row.name.c_str());
        QVERIFY2(view->shape == row.shape, row.name.c_str());
        QVERIFY2(view->dtype == (row.f32 ? DType::F32 : DType::BF16), row.name.c_str());
    }
    QCOMPARE(file.tensors().size(), table.size());
}

nlohmann::json readJson(const std::string& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
}

ModelConfig qwen3Config() {
    ModelConfig config = exportConfig(ModelFamily::Qwen3, 2);
    config.head_dim = 16;
    return config;
}

}  // namespace

class TestExportTables : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void flaTensors() {
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportModel model = exportModel(exportConfig(ModelFamily::Qwen2, 2));
        QVERIFY(exportHybrid(exportRequest(model.hybrid({1}), "fla", folder, DType::BF16)).written());
        compareTable(folder, kFla);
    }

    void qwenTensors() {
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportModel model = exportModel(qwen3Config());
        QVERIFY(exportHybrid(exportRequest(model.hybrid({1}), "qwen3_5", folder, DType::BF16)).written());
        compareTable(folder, kQwen3_5);
    }

    void flaConfig() {
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportModel model = exportModel(exportConfig(ModelFamily::Qwen2, 2));
        QVERIFY(exportHybrid(exportRequest(model.hybrid({1}), "fla", folder)).written());
        const nlohmann::json expected = nlohmann::json::parse(R"({
            "architectures": ["GatedDeltaNetForCausalLM"], "model_type": "gated_deltanet", "dtype": "float32",
            "attn_mode": "chunk", "hidden_size": 32, "expand_v": 1.0, "use_gate": true, "use_short_conv": false,
            "conv_size": 4, "allow_neg_eigval": false, "head_dim": 8, "num_heads": 4, "num_v_heads": null,
            "num_hidden_layers": 2, "norm_eps": 1e-6, "hidden_ratio": 4, "intermediate_size": 40,
            "hidden_act": "swish", "max_position_embeddings": 128,
            "attn": {"layers": [1], "num_heads": 4, "num_kv_heads": 2, "qkv_bias": true, "window_size": null,
                     "rope_theta": 10000.0},
            "use_cache": true, "pad_token_id": null, "bos_token_id": 1, "eos_token_id": 2,
            "tie_word_embeddings": false, "initializer_range": 0.02, "fuse_norm": true, "fuse_swiglu": true,
            "fuse_cross_entropy": true, "fuse_linear_cross_entropy": false, "use_l2warp": false, "vocab_size": 61,
            "attnres_block_size": null})");
        const nlohmann::json difference = nlohmann::json::diff(readJson(folder + "/config.json"), expected);
        QVERIFY2(difference.empty(), difference.dump().c_str());
    }

    void qwenConfig() {
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportModel model = exportModel(qwen3Config());
        QVERIFY(exportHybrid(exportRequest(model.hybrid({1}), "qwen3_5", folder, DType::BF16)).written());
        const nlohmann::json expected = nlohmann::json::parse(R"({
            "architectures": ["Qwen3_5ForCausalLM"], "model_type": "qwen3_5_text", "dtype": "bfloat16",
            "vocab_size": 61, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "hidden_act": "silu",
            "max_position_embeddings": 128, "rms_norm_eps": 1e-6, "attention_bias": false,
            "attention_dropout": 0.0, "tie_word_embeddings": true, "initializer_range": 0.02, "use_cache": true,
            "pad_token_id": null, "bos_token_id": 1, "eos_token_id": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 1.0},
            "partial_rotary_factor": 1.0, "linear_conv_kernel_dim": 4, "linear_num_key_heads": 4,
            "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
            "layer_types": ["linear_attention", "full_attention"], "mamba_ssm_dtype": "float32"})");
        const nlohmann::json difference = nlohmann::json::diff(readJson(folder + "/config.json"), expected);
        QVERIFY2(difference.empty(), difference.dump().c_str());
    }

    void sidecarFiles() {
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportModel model = exportModel(qwen3Config());
        ExportRequest request = exportRequest(model.hybrid({1}), "qwen3_5", folder);
        const std::string tokenizer = std::string(FM_SOURCE_DIR) + "/resources/models/fm-tiny";
        request.tokenizer_folder = tokenizer;
        request.gates = {0.25, 0.75};
        QVERIFY(exportHybrid(request).written());
        const nlohmann::json manifest = readJson(folder + "/flashmorph.json");
        QVERIFY(manifest["full_layers"] == nlohmann::json::array({1}));
        QVERIFY(manifest["budget"] == 1);
        QVERIFY(manifest["gates"] == nlohmann::json::array({0.25, 0.75}));
        QVERIFY(manifest["lineage"]["teacher"] == "0123456789abcdef0123456789abcdef");
        QVERIFY(manifest["verdict"] == readJson(folder + "/verdict.json"));
        QVERIFY(manifest["verdict"]["verdict"] == "exact");
        QVERIFY(readJson(folder + "/generation_config.json")["eos_token_id"] == 2);
        QFile source(QString::fromStdString(tokenizer + "/tokenizer.json"));
        QFile copy(QString::fromStdString(folder + "/tokenizer.json"));
        QVERIFY(source.open(QIODevice::ReadOnly) && copy.open(QIODevice::ReadOnly));
        QCOMPARE(copy.readAll(), source.readAll());
        QVERIFY(QFile::exists(QString::fromStdString(folder + "/README.md")));
        QVERIFY(!QFile::exists(QString::fromStdString(folder + ".partial")));
    }
};

QTEST_GUILESS_MAIN(TestExportTables)
#include "test_export_tables.moc"
