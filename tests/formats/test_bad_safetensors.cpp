// Hostile safetensors files and indexes: each refused with a sentence naming file and place.
#include <QtTest>
#include <filesystem>

#include "core/formats/checkpoint.h"
#include "core/formats/safetensors.h"
#include "tests/formats/bad_file_check.h"
#include "tests/formats/file_builders.h"

using namespace fm;

namespace {

// {"a": F32 [2], "b": F32 [3]} with one thing changed by the caller
std::string entry(const std::string& name, const std::string& fields) {
    return std::string("\"").append(name).append("\":{").append(fields).append("}");
}
std::string object(const std::vector<std::string>& entries) {
    std::string out("{");
    for (const std::string& entry : entries) out.append(out.size() > 1 ? "," : "").append(entry);
    return out.append("}");
}
std::string floats(int count, int begin, int end) {
    return "\"dtype\":\"F32\",\"shape\":[" + std::to_string(count) + "],\"data_offsets\":[" + std::to_string(begin) +
           "," + std::to_string(end) + "]";
}

void addRow(const char* name, const std::string& bytes, const char* place) {
    QTest::newRow(name) << QByteArray::fromStdString(bytes) << QByteArray(place);
}
void addHeader(const char* name, const std::string& header, std::size_t data_bytes, const char* place) {
    addRow(name, safetensorsBytes(header, data_bytes), place);
}

void addFramingRows() {
    addRow("empty file", "", "byte 0");
    addRow("shorter than its length field", std::string(7, '\0'), "byte 0");
    std::string lying;
    put(lying, std::uint64_t{3});
    addRow("header longer than the file", lying + "{}", "byte 0");
    std::string wrapping;
    put(wrapping, UINT64_MAX - 3);
    addRow("header length that wraps", wrapping + "{}", "byte 0");
    addHeader("no header text", "", 0, "byte 8");
    addHeader("header is an array", "[]", 0, "byte 8");
    addHeader("header begins with a space", " {}", 0, "byte 8");
    addHeader("text after the header object", "{} {}", 0, "byte");
    addHeader("header cut off", R"({"a":{"dtype")", 0, "byte");
    addHeader("not UTF-8", "{\"\xff\xfe\":{}}", 0, "byte");
    addHeader("nested too deep", object({entry("a", "\"shape\":" + std::string(5000, '['))}), 0, "byte");
    addHeader("a key of a megabyte", "{\"" + std::string(1 << 20, 'k') + "\":{}}", 0, "byte");
    addHeader("a number of a megabyte",
              R"({"a":{"dtype":"U8","shape":[)" + std::string(1 << 20, '1') + R"(],"data_offsets":[0,1]}})", 1, "byte");
}

void addLayoutRows() {
    const std::string a = entry("a", floats(2, 0, 8));
    addHeader("the same name twice", object({a, a}), 8, "tensor \"a\"");
    addHeader("overlap", object({a, entry("b", floats(3, 4, 16))}), 16, "tensor \"b\"");
    addHeader("the same bytes twice", object({a, entry("b", floats(2, 0, 8))}), 8, "tensor \"b\"");
    addHeader("hole between tensors", object({a, entry("b", floats(3, 12, 24))}), 24, "tensor \"b\"");
    addHeader("hole before the first", object({entry("b", floats(3, 4, 16))}), 16, "tensor \"b\"");
    addHeader("bytes after the last", object({a}), 9, "data byte 8");
    addHeader("bytes but no tensor", "{}", 4, "data byte 0");
    addHeader("end beyond the file", object({a}), 7, "tensor \"a\"");
    addHeader("backwards offsets", object({entry("a", floats(2, 8, 0))}), 8, "tensor \"a\"");
    addHeader("shape smaller than its bytes", object({entry("a", floats(1, 0, 8))}), 8, "tensor \"a\"");
    addHeader("shape larger than its bytes", object({entry("a", floats(3, 0, 8))}), 8, "tensor \"a\"");
    addHeader("product that wraps to the right size",
              R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, "tensor \"a\"");
    addHeader("product of 2^63", R"({"a":{"dtype":"U8","shape":[4611686018427387904,2],"data_offsets":[0,8]}})", 8,
              "tensor \"a\"");
    addHeader("zero times more than 64 bits",
              R"({"a":{"dtype":"U8","shape":[4611686018427387904,8,0],"data_offsets":[0,0]}})", 0, "tensor \"a\"");
}

void addFieldRows() {
    addHeader("negative dimension", R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "tensor \"a\"");
    addHeader("fractional dimension", R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8, "tensor \"a\"");
    addHeader("dimension beyond 63 bits", R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})",
              8, "tensor \"a\"");
    addHeader("offset beyond 64 bits", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551624]}})",
              8, "tensor \"a\"");
    addHeader("nine dimensions", R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1,
              "tensor \"a\"");
    addHeader("unsupported type", R"({"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", 2, "F8_E4M3");
    addHeader("type that is no string", R"({"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}})", 8, "tensor \"a\"");
    addHeader("no type", R"({"a":{"shape":[2],"data_offsets":[0,8]}})", 8, "tensor \"a\"");
    addHeader("no shape", R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8, "tensor \"a\"");
    addHeader("no offsets", R"({"a":{"dtype":"F32","shape":[2]}})", 8, "tensor \"a\"");
    addHeader("one offset", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, "tensor \"a\"");
    addHeader("three offsets", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", 8, "tensor \"a\"");
    addHeader("shape twice", R"({"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8,
              "tensor \"a\"");
    addHeader("unknown field", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1]}})", 8, "strides");
    addHeader("shape in shape", R"({"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", 8, "byte 37");
    addHeader("null shape", R"({"a":{"dtype":"F32","shape":null,"data_offsets":[0,8]}})", 8, "tensor \"a\"");
    addHeader("entry is a number", R"({"a":3})", 0, "tensor \"a\"");
    addHeader("entry is a string", R"({"a":"F32"})", 0, "tensor \"a\"");
    addHeader("empty name", R"({"":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8, "byte 8");
    addHeader("metadata value is a number", R"({"__metadata__":{"format":1}})", 0, "__metadata__");
    addHeader("metadata is a string", R"({"__metadata__":"pt"})", 0, "__metadata__");
    addHeader("metadata key twice", R"({"__metadata__":{"a":"1","a":"2"}})", 0, "__metadata__");
    addHeader("metadata twice", R"({"__metadata__":{},"__metadata__":{}})", 0, "__metadata__");
    std::vector<std::string> many;
    for (int i = 0; i < 9000; ++i) {
        many.push_back(entry(std::to_string(i), "\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]"));
    }
    addHeader("nine thousand tensors", object(many), 0, "tensor \"8192\"");
}

}  // namespace

class TestBadSafetensors : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

private Q_SLOTS:
    // Without this one, a reader that refuses everything would pass.
    void theRightOneIsAccepted() {
        const std::string path = folder_.filePath("right.safetensors").toStdString();
        const std::string header = object({entry("b", floats(3, 8, 20)), entry("a", floats(2, 0, 8)),
                                           entry("__metadata__", "\"format\":\"pt\""),
                                           entry("e", "\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]")});
        writeBytes(path, safetensorsBytes(header + "   ", 20));
        QCOMPARE(SafetensorsFile::open(path).tensors().size(), std::size_t{3});
    }

    void isRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("place");
        addFramingRows();
        addLayoutRows();
        addFieldRows();
    }
    void isRefused() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, place);
        const std::string path = folder_.filePath("bad.safetensors").toStdString();
        writeBytes(path, bytes.toStdString());
        expectRefusal(path, static_cast<std::size_t>(bytes.size()), place.toStdString(),
                      [&] { SafetensorsFile::open(path); });
    }

    // A sparse file, so that the test writes 8 bytes only.
    void headerOver100MegabytesIsRefused() {
        const std::string path = folder_.filePath("long.safetensors").toStdString();
        std::string length;
        put(length, std::uint64_t{100'000'001});
        writeBytes(path, length);
        std::filesystem::resize_file(path, 8 + 100'000'001);
        expectRefusal(path, 0, "byte 8", [&] { SafetensorsFile::open(path); });
    }

    void indexIsRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("place");
        addRow("empty", "", "byte 0");
        addRow("array", "[]", "byte 0");
        addRow("cut off", R"({"weight_map":{"a":)", "byte");
        addRow("no map", R"({"metadata":{"total_size":8}})", "weight_map");
        addRow("map twice", R"({"weight_map":{},"weight_map":{}})", "key \"weight_map\"");
        addRow("tensor twice", R"({"weight_map":{"a":"s.safetensors","a":"s.safetensors"}})", "\"a\"");
        addRow("unknown section", R"({"weight_map":{},"extra":1})", "key \"extra\"");
        addRow("file is a number", R"({"weight_map":{"a":1}})", "key \"weight_map\"");
        addRow("file in another folder", R"({"weight_map":{"a":"../s.safetensors"}})", "../s.safetensors");
        addRow("absolute file", R"({"weight_map":{"a":"/etc/s.safetensors"}})", "/etc/s.safetensors");
        addRow("file of another kind", R"({"weight_map":{"a":"s.bin"}})", "s.bin");
        addRow("map in map", R"({"weight_map":{"a":{"b":"s.safetensors"}}})", "key \"weight_map\"");
        addRow("deep metadata", R"({"metadata":)" + std::string(1000, '['), "byte");
        addRow("tensor not in its shard", R"({"weight_map":{"a":"s.safetensors","c":"s.safetensors"}})",
               "tensor \"c\"");
        addRow("tensor not listed", R"({"weight_map":{"b":"s.safetensors"}})", "tensor \"a\"");
        addRow("tensor in another shard", R"({"weight_map":{"a":"t.safetensors","b":"s.safetensors"}})",
               "tensor \"a\"");
    }
    void indexIsRefused() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, place);
        const QTemporaryDir model;
        const std::string folder = model.path().toStdString();
        const std::string index = folder + "/model.safetensors.index.json";
        writeBytes(folder + "/config.json", tinyLlamaConfig());
        writeBytes(folder + "/s.safetensors", safetensorsBytes(object({entry("a", floats(2, 0, 8))}), 8));
        writeBytes(folder + "/t.safetensors", safetensorsBytes(object({entry("b", floats(2, 0, 8))}), 8));
        writeBytes(index, bytes.toStdString());
        expectRefusal(index, static_cast<std::size_t>(bytes.size()), place.toStdString(),
                      [&] { Checkpoint::open(folder); });
    }

    void weightsThatAreThereTwiceAreRefused() {
        const QTemporaryDir model;
        const std::string folder = model.path().toStdString();
        writeBytes(folder + "/config.json", tinyLlamaConfig());
        writeBytes(folder + "/model.safetensors", safetensorsBytes("{}", 0));
        writeBytes(folder + "/model.safetensors.index.json", R"({"weight_map":{}})");
        expectRefusal(folder, 0, "index.json", [&] { Checkpoint::open(folder); });
    }
};

QTEST_GUILESS_MAIN(TestBadSafetensors)
#include "test_bad_safetensors.moc"
