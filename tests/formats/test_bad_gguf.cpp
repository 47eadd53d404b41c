// Hostile GGUF files: each refused with a sentence naming file and offset or key.
#include <QtTest>

#include "core/formats/checkpoint.h"
#include "tests/formats/bad_file_check.h"
#include "tests/formats/file_builders.h"

using namespace fm;

namespace {

void addRow(const char* name, const std::string& bytes, const char* place) {
    QTest::newRow(name) << QByteArray::fromStdString(bytes) << QByteArray(place);
}

// The right file with one change.
template <class Change>
void addChanged(const char* name, const char* place, Change&& change) {
    GgufParts parts = tinyLlamaGguf();
    change(parts);
    addRow(name, parts.bytes(), place);
}

void replaceKey(GgufParts& parts, const std::string& with) {
    const std::string name = with.substr(0, 8 + static_cast<std::size_t>(with[0]));  // length field and key
    for (std::string& key : parts.keys) {
        if (key.starts_with(name)) key = with;
    }
}
void replaceU32(GgufParts& parts, const std::string& key, std::uint32_t value) {
    replaceKey(parts, ggufKey(key, 4, value));
}

void addFramingRows() {
    const std::string right = tinyLlamaGguf().bytes();
    addRow("empty file", "", "byte 0");
    addRow("magic alone", "GGUF", "byte 4");
    addRow("cut in the counts", right.substr(0, 20), "byte 16");
    addRow("cut in a key", right.substr(0, 40), "byte");
    addRow("cut in the tensor list", right.substr(0, 700), "byte");
    addRow("cut in the data", right.substr(0, right.size() - 1), "\"blk.0.ffn_down.weight\"");
    addRow("data missing", right.substr(0, right.size() - tinyLlamaGguf().data_bytes), "\"token_embd.weight\"");
    addRow("bytes after the last tensor", right + std::string(40, 'x'), "byte");
    addChanged("wrong magic", "byte 0", [](GgufParts& p) { p.magic = "GGML"; });
    addChanged("version 1", "byte 4", [](GgufParts& p) { p.version = 1; });
    addChanged("version 4", "byte 4", [](GgufParts& p) { p.version = 4; });
    addChanged("big-endian", "byte 4", [](GgufParts& p) { p.version = 0x03000000; });
    addChanged("2^63 keys", "byte 16", [](GgufParts& p) { p.claimed_keys = std::uint64_t{1} << 63; });
    addChanged("one key too many", "byte", [](GgufParts& p) { p.claimed_keys = p.keys.size() + 1; });
    addChanged("2^63 tensors", "byte 8", [](GgufParts& p) { p.claimed_tensors = std::uint64_t{1} << 63; });
    addChanged("more tensors than bytes", "byte 8", [](GgufParts& p) { p.claimed_tensors = 8000; });
    addChanged("one tensor too many", "byte", [](GgufParts& p) { p.claimed_tensors = p.tensors.size() + 1; });
}

void addValueRows() {
    const auto with = [](std::string key) { return [key](GgufParts& p) { p.keys.insert(p.keys.begin(), key); }; };
    std::string long_key;
    put(long_key, UINT64_MAX);
    addChanged("key length that wraps", "byte 24", with(long_key + "abc"));
    addChanged("empty key", "byte 24", with(ggufKey("", 4, std::uint32_t{1})));
    addChanged("key of a kilobyte", "byte 24", with(ggufKey(std::string(1000, 'k'), 4, std::uint32_t{1})));
    addChanged("unknown type", "key \"x\"", with(ggufKey("x", 13, std::uint32_t{1})));
    addChanged("bool of 2", "key \"x\"", with(ggufKey("x", 7, std::uint8_t{2})));
    addChanged("key twice", "key \"llama.block_count\" appears twice",
               with(ggufKey("llama.block_count", 4, std::uint32_t{1})));
    std::string long_text = ggufString("x");
    put(long_text, std::uint32_t{8});
    put(long_text, UINT64_MAX - 7);
    addChanged("string length that wraps", "byte", with(long_text));
    addChanged("array of 2^62", "key \"x\"", with(ggufArrayKey("x", 6, std::uint64_t{1} << 62, "")));
    addChanged("array of 2^62 strings", "key \"x\"", with(ggufArrayKey("x", 8, std::uint64_t{1} << 62, "")));
    addChanged("array longer than the file", "key \"x\"", with(ggufArrayKey("x", 0, 1 << 20, "")));
    addChanged("array of arrays", "key \"x\"", with(ggufArrayKey("x", 9, 1, std::string(12, '\0'))));
    addChanged("array of unknown type", "key \"x\"", with(ggufArrayKey("x", 99, 1, std::string(12, '\0'))));
    addChanged("array with a bool of 9", "key \"x\"", with(ggufArrayKey("x", 7, 2, std::string("\x01\x09"))));
    addChanged("array whose second string is too long", "byte",
               with(ggufArrayKey("x", 8, 2, ggufString("ok") + std::string(8, '\x7f'))));
}

void addTensorRows() {
    const auto first = [](auto change) { return [change](GgufParts& p) { change(p.tensors[0]); }; };
    using Tensor = GgufParts::Tensor;
    const char* place = "\"token_embd.weight\"";
    addChanged("no dimensions", place, first([](Tensor& t) { t.dims = {}; }));
    addChanged("five dimensions", place, first([](Tensor& t) { t.dims = {32, 8, 1, 1, 1}; }));
    addChanged("dimension of 0", place, first([](Tensor& t) { t.dims = {32, 0}; }));
    addChanged("dimension beyond 63 bits", place, first([](Tensor& t) { t.dims = {UINT64_MAX}; }));
    addChanged("product that wraps", place, first([](Tensor& t) { t.dims = {1ull << 33, 1ull << 33}; }));
    addChanged("bytes that wrap", place, first([](Tensor& t) { t.dims = {1ull << 31, 1ull << 31}; }));
    addChanged("larger than the file", place, first([](Tensor& t) { t.dims = {32, 80000}; }));
    addChanged("Q4_K", "Q4_K", first([](Tensor& t) { t.type = 12; }));
    addChanged("unknown type id", "type 1000", first([](Tensor& t) { t.type = 1000; }));
    addChanged("rows of half a block", place, first([](Tensor& t) { t.dims = {16, 16}, t.type = 8; }));
    addChanged("offset beyond the file", "gaps", first([](Tensor& t) { t.offset = 1ull << 40; }));
    addChanged("offset that wraps", "gaps", first([](Tensor& t) { t.offset = UINT64_MAX - 31; }));
    addChanged("overlap", "overlap", [](GgufParts& p) { p.tensors[1].offset = p.tensors[0].offset; });
    addChanged("unaligned", "overlap", [](GgufParts& p) { p.tensors[1].offset += 4; });
    addChanged("hole", "gaps", [](GgufParts& p) {
        for (std::size_t i = 1; i < p.tensors.size(); ++i) p.tensors[i].offset += 64;
        p.data_bytes += 64;
    });
    addChanged("name twice", "appears twice", [](GgufParts& p) { p.tensors[3].name = p.tensors[0].name; });
    addChanged("empty name", "byte", first([](Tensor& t) { t.name = ""; }));
    addChanged("no embedding", place, first([](Tensor& t) { t.name = "other"; }));
}

void addConfigRows() {
    const auto u32 = [](const char* key, std::uint32_t value) {
        return [=](GgufParts& p) { replaceU32(p, key, value); };
    };
    const auto more = [](std::string key) { return [key](GgufParts& p) { p.keys.push_back(key); }; };
    addChanged("alignment of 0", "general.alignment", more(ggufKey("general.alignment", 4, std::uint32_t{0})));
    addChanged("alignment of 48", "general.alignment", more(ggufKey("general.alignment", 4, std::uint32_t{48})));
    addChanged("alignment of 2^31", "general.alignment", more(ggufKey("general.alignment", 4, 1u << 31)));
    addChanged("alignment is text", "general.alignment", more(ggufTextKey("general.alignment", "32")));
    addChanged("other architecture", "general.architecture",
               [](GgufParts& p) { replaceKey(p, ggufTextKey("general.architecture", "mamba")); });
    addChanged("no architecture", "general.architecture", [](GgufParts& p) { p.keys.erase(p.keys.begin()); });
    addChanged("no block count", "llama.block_count", [](GgufParts& p) { p.keys.erase(p.keys.begin() + 1); });
    addChanged("4 billion layers", "num_hidden_layers", u32("llama.block_count", UINT32_MAX));
    addChanged("no heads", "llama.attention.head_count", u32("llama.attention.head_count", 0));
    addChanged("5 heads", "llama.attention.head_count", u32("llama.attention.head_count", 5));
    addChanged("3 of 4 K/V heads", "num_key_value_heads", u32("llama.attention.head_count_kv", 3));
    addChanged("K/V heads differ between layers", "llama.attention.head_count_kv", [](GgufParts& p) {
        replaceU32(p, "llama.block_count", 2);
        std::string payload;
        put(payload, std::uint32_t{2});
        put(payload, std::uint32_t{0});
        replaceKey(p, ggufArrayKey("llama.attention.head_count_kv", 4, 2, payload));
    });
    addChanged("epsilon is NaN", "rms_norm_eps", [](GgufParts& p) {
        replaceKey(p, ggufKey("llama.attention.layer_norm_rms_epsilon", 6, std::numeric_limits<float>::quiet_NaN()));
    });
    addChanged("yarn", "llama.rope.scaling.type", more(ggufTextKey("llama.rope.scaling.type", "yarn")));
    addChanged("linear scaling", "llama.rope.scale_linear", more(ggufKey("llama.rope.scale_linear", 6, 4.0f)));
    addChanged("half rotary", "rope.dimension_count", more(ggufKey("llama.rope.dimension_count", 4, std::uint32_t{4})));
    addChanged("experts", "llama.expert_count", more(ggufKey("llama.expert_count", 4, std::uint32_t{8})));
    addChanged("vocabulary of another size", "llama.vocab_size",
               more(ggufKey("llama.vocab_size", 4, std::uint32_t{9})));
    addChanged("rope factors of no release", "rope_freqs.weight", [](GgufParts& p) {
        p.tensors.push_back({"rope_freqs.weight", {4}, 0, p.data_bytes});  // all zero
        p.data_bytes += 16;
    });
    addChanged("rope factors of another width", "rope_freqs.weight", [](GgufParts& p) {
        p.tensors.push_back({"rope_freqs.weight", {8}, 0, p.data_bytes});
        p.data_bytes += 32;
    });
}

}  // namespace

class TestBadGguf : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

private Q_SLOTS:
    // Without these, a reader that refuses everything would pass.
    void theRightOneIsAccepted() {
        const std::string path = folder_.filePath("right.gguf").toStdString();
        writeBytes(path, tinyLlamaGguf().bytes());
        QVERIFY(accountForTensors(*Checkpoint::open(path)).empty());
    }
    void otherAlignmentsAreAccepted() {
        for (const std::size_t alignment : {8, 256}) {
            GgufParts parts = tinyLlamaGguf();
            parts.keys.push_back(ggufKey("general.alignment", 4, static_cast<std::uint32_t>(alignment)));
            parts.alignment = alignment;
            parts.data_bytes = 0;
            for (GgufParts::Tensor& tensor : parts.tensors) {
                tensor.offset = parts.data_bytes;
                std::size_t bytes = 4;
                for (const std::uint64_t dim : tensor.dims) bytes *= dim;
                parts.data_bytes += (bytes + alignment - 1) / alignment * alignment;
            }
            const std::string path = folder_.filePath("aligned.gguf").toStdString();
            writeBytes(path, parts.bytes());
            QVERIFY(accountForTensors(*Checkpoint::open(path)).empty());
        }
    }

    void isRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("place");
        addFramingRows();
        addValueRows();
        addTensorRows();
        addConfigRows();
    }
    void isRefused() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, place);
        const std::string path = folder_.filePath("bad.gguf").toStdString();
        writeBytes(path, bytes.toStdString());
        expectRefusal(path, static_cast<std::size_t>(bytes.size()), place.toStdString(),
                      [&] { Checkpoint::open(path); });
    }

    // A tensor that fits the file but not the model is listed; reading its rows as heads is refused all the same.
    void misshapedHeadsAreListedAndNotRead() {
        GgufParts parts = tinyLlamaGguf();
        parts.tensors[3].dims = {64, 16};
        const std::string path = folder_.filePath("misshaped.gguf").toStdString();
        writeBytes(path, parts.bytes());
        const auto checkpoint = Checkpoint::open(path);
        QCOMPARE(accountForTensors(*checkpoint).size(), std::size_t{1});
        std::vector<float> out(64 * 16);
        expectRefusal(path, 0, "q_proj",
                      [&] { checkpoint->read(*checkpoint->find("model.layers.0.self_attn.q_proj.weight"), out); });
    }

    // A tensor under another one's HF name must not hide behind it.
    void aTensorUnderAForeignNameIsListed() {
        GgufParts parts = tinyLlamaGguf();
        parts.tensors.push_back({"model.norm.weight", {8}, 0, parts.data_bytes});
        parts.data_bytes += 32;
        const std::string path = folder_.filePath("shadow.gguf").toStdString();
        writeBytes(path, parts.bytes());
        const std::vector<std::string> problems = accountForTensors(*Checkpoint::open(path));
        QCOMPARE(problems.size(), std::size_t{1});
        QVERIFY(problems[0].starts_with("unused: \"model.norm.weight\" [8]"));
    }
};

QTEST_GUILESS_MAIN(TestBadGguf)
#include "test_bad_gguf.moc"
