#include "tests/app/tiny_study.h"

#include <ATen/ATen.h>

#include <QDir>
#include <QDirIterator>
#include <QFile>

#include <cstring>

#include "core/base/error.h"
#include "core/export/model_folder.h"
#include "tests/support/built_in_model.h"
#include "tests/support/tiny_model.h"

namespace fm::testing {

TinyStudy::TinyStudy() {
    ModelConfig config = tinyConfig(3, true);
    config.vocab_size = 1024;  // the built-in tokenizer's
    config.max_position = 128;
    DecoderWeights weights = randomWeights(config, 3, at::kCPU, at::kFloat);
    at::Generator generator = at::detail::createCPUGenerator(4);
    forEachTensor(weights, [&](const std::string&, at::Tensor& t) {  // or attention would do nothing worth learning
        t.add_(at::randn(t.sizes(), generator, t.options()), 0.1);
    });
    writeModelFolder(teacher().toStdString(), weights, DType::F32, builtInModel());
    QFile hints(teacher() + "/flashmorph.json");
    const bool written = hints.open(QIODevice::WriteOnly) &&
                         hints.write(R"({"tasks": ["single", "copy"], "lengths": [96]})") > 0 &&
                         writeShortText(folder_.filePath("text.txt"), 20'000);
    if (!written) throw WorldError(folder_.path().toStdString() + ": cannot be written");
}

QStringList TinyStudy::options() const {
    return {"--study",   path(), "--teacher", teacher(), "--text", folder_.filePath("text.txt"),
            "--threads", "1",    "--device",  "cpu",     "--json"};
}

QStringList TinyStudy::runIds() const {
    QStringList ids;
    for (const QString& name : QDir(path("runs")).entryList({"*.h5"}, QDir::Files, QDir::Name)) ids << name.chopped(3);
    return ids;
}

QByteArray fileContent(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArray folderContent(const QString& path, const QStringList& left_out) {
    QByteArray content;
    for (const QString& name : QDir(path).entryList(QDir::Files, QDir::Name))
        if (!left_out.contains(name)) content += name.toUtf8() + "\n" + fileContent(path + "/" + name);
    return content;
}

namespace {

template <class T>
bool sameBits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool sameColumn(const RunReader& run, const RunReader& expected, const Column& column, std::int64_t rows) {
    const std::string& path = column.path;
    switch (column.type) {
        case CellType::Int64:
            return run.readIntegers(path, 0, rows) == expected.readIntegers(path, 0, rows);
        case CellType::Float64:
            return sameBits(run.readNumbers(path, 0, rows), expected.readNumbers(path, 0, rows));
        case CellType::Float32Vector:
            return sameBits(run.readVectors(path, 0, rows).values, expected.readVectors(path, 0, rows).values);
        case CellType::Text:
            return run.readTexts(path, 0, rows) == expected.readTexts(path, 0, rows);
    }
    return false;
}

}  // namespace

std::string rowDifference(const RunReader& run, const RunReader& expected, bool all) {
    const std::vector<Table>& tables = expected.header().tables;
    if (run.header().tables.size() != tables.size()) return "other tables";
    for (std::size_t t = 0; t < tables.size(); ++t) {
        const std::int64_t rows = run.rows(static_cast<int>(t)), most = expected.rows(static_cast<int>(t));
        if (rows > most || (all && rows != most))
            return tables[t].name + ": " + std::to_string(rows) + " rows, not " + std::to_string(most);
        for (const Column& column : tables[t].columns) {
            if (column.path.ends_with("wall_ms") || rows == 0) continue;
            if (!sameColumn(run, expected, column, rows)) return column.path + " differs";
        }
    }
    return "";
}

}  // namespace fm::testing
