// Configs in both spellings against what transformers reads from them (fixtures/formats/make_configs.py).
#include <QtTest>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/formats/model_config.h"
#include "tests/formats/oracle_python.h"

using namespace fm;
using Json = nlohmann::json;

namespace {

const char* kModels[] = {"smollm2_135m", "llama_3_2_1b", "llama_1_7b", "qwen2_5_0_5b", "qwen3_0_6b"};

std::string slurp(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string fixture(const std::string& name) { return FM_FIXTURES "/formats/configs/" + name; }

// The fields under the names that make_configs.py gives them.
Json asJson(const ModelConfig& config) {
    Json scaling = nullptr;
    if (config.rope_scaling) {
        scaling = {{"factor", config.rope_scaling->factor},
                   {"low_freq_factor", config.rope_scaling->low_freq_factor},
                   {"high_freq_factor", config.rope_scaling->high_freq_factor},
                   {"original_max_position_embeddings", config.rope_scaling->original_max_position}};
    }
    return {{"family", toString(config.family)},
            {"vocab_size", config.vocab_size},
            {"hidden_size", config.hidden_size},
            {"intermediate_size", config.intermediate_size},
            {"num_layers", config.num_layers},
            {"num_heads", config.num_heads},
            {"num_kv_heads", config.num_kv_heads},
            {"head_dim", config.head_dim},
            {"max_position", config.max_position},
            {"rms_norm_eps", config.rms_norm_eps},
            {"rope_theta", config.rope_theta},
            {"rope_scaling", scaling},
            {"tie_embeddings", config.tie_embeddings},
            {"bos_id", config.bos_id},
            {"eos_ids", config.eos_ids},
            {"pad_id", config.pad_id}};
}

// Prints what make_configs.py's expected() says of the config in each folder, one line each.
const char* kReadBack = R"PY(
import importlib.util, json, sys, transformers
spec = importlib.util.spec_from_file_location("make_configs", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
for folder in sys.argv[2:]:
    print(json.dumps(module.expected(transformers.AutoConfig.from_pretrained(folder))))
)PY";

}  // namespace

class TestHfConfig : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsTransformers_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("spelling");
        for (const char* model : kModels) {
            for (const char* spelling : {"old", "new"}) {
                QTest::addRow("%s.%s", model, spelling) << model << spelling;
            }
        }
    }
    void equalsTransformers() {
        QFETCH(QString, model);
        QFETCH(QString, spelling);
        const std::string path = fixture((model + "." + spelling + ".json").toStdString());
        const ModelConfig config = parseHfConfig(slurp(path), path);
        const Json expected = Json::parse(slurp(fixture((model + ".expected.json").toStdString())));
        QVERIFY2(asJson(config) == expected, asJson(config).dump(1).c_str());
        QCOMPARE(config.qkv_bias, config.family == ModelFamily::Qwen2);
        QCOMPARE(config.qk_norm, config.family == ModelFamily::Qwen3);
    }

    // Our own output must mean the same to transformers (when it is at hand) and to our parser.
    void writtenConfigMeansTheSame() {
        for (const char* model : kModels) {
            const std::string path = fixture(std::string(model) + ".old.json");
            const ModelConfig config = parseHfConfig(slurp(path), path);
            const ModelConfig again = parseHfConfig(toHfConfig(config, "bfloat16"), "written");
            QCOMPARE(asJson(again).dump(1), asJson(config).dump(1));
        }
    }
    void transformersReadsWrittenConfig() {
        FM_NEED_ORACLE_PYTHON("transformers");
        const QTemporaryDir folder;
        std::vector<Json> expected;
        QStringList arguments = {"-c", kReadBack, FM_FIXTURES "/formats/make_configs.py"};
        for (const char* model : {"llama_3_2_1b", "qwen2_5_0_5b", "qwen3_0_6b"}) {
            const std::string path = fixture(std::string(model) + ".old.json");
            const ModelConfig config = parseHfConfig(slurp(path), path);
            QVERIFY(QDir(folder.path()).mkdir(model));
            arguments << folder.filePath(model);
            std::ofstream(folder.filePath(model).toStdString() + "/config.json") << toHfConfig(config, "bfloat16");
            expected.push_back(asJson(config));
        }
        const QStringList said = runOraclePython(arguments).split('\n', Qt::SkipEmptyParts);
        QCOMPARE(static_cast<std::size_t>(said.size()), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const Json got = Json::parse(said[static_cast<int>(i)].toStdString());
            QVERIFY2(got == expected[i], got.dump(1).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestHfConfig)
#include "test_hf_config.moc"
