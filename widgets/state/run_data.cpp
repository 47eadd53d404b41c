#include "widgets/state/run_data.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace fm {
namespace {

using Json = nlohmann::json;

const Json* jsonField(const Json& spec, const char* field) {
    if (!spec.is_object()) return nullptr;
    const auto found = spec.find(field);
    return found == spec.end() ? nullptr : &*found;
}

Json parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

}  // namespace

RunData::RunData(QObject* parent) : QObject(parent) {}
RunData::~RunData() = default;

double RunData::specNumber(const char* field, double otherwise) const {
    const Json spec = parsed(header_.spec_json);
    const Json* value = jsonField(spec, field);
    return value && value->is_number() ? value->get<double>() : otherwise;
}

QString RunData::specText(const char* field, const QString& otherwise) const {
    const Json spec = parsed(header_.spec_json);
    const Json* value = jsonField(spec, field);
    return value && value->is_string() ? QString::fromStdString(value->get<std::string>()) : otherwise;
}

std::optional<int> RunData::findTable(const std::string& name) const {
    for (std::size_t t = 0; t < header_.tables.size(); ++t) {
        if (header_.tables[t].name == name) return static_cast<int>(t);
    }
    return std::nullopt;
}

std::int64_t RunData::rows(int table) const { return rows_.at(static_cast<std::size_t>(table)); }

std::int64_t RunData::rowsOf(const std::string& table_name) const {
    const std::optional<int> table = findTable(table_name);
    return table ? rows(*table) : 0;
}

int RunData::numLayers() const {
    if (const Column* gates = column("gates/alpha")) return gates->width;
    for (const std::vector<ColumnData>& table : columns_) {
        for (const ColumnData& data : table) {
            if (data.column.type == CellType::Float32Vector) return data.column.width;
        }
    }
    return 0;
}

const RunData::ColumnData* RunData::find(const std::string& path) const {
    const auto place = places_.find(path);
    if (place == places_.end()) return nullptr;
    return &columns_[static_cast<std::size_t>(place->second.first)][static_cast<std::size_t>(place->second.second)];
}

const Column* RunData::column(const std::string& path) const {
    const ColumnData* data = find(path);
    return data ? &data->column : nullptr;
}

std::span<const double> RunData::numbers(const std::string& path) const {
    const ColumnData* data = find(path);
    const auto* values = data ? std::get_if<std::vector<double>>(&data->values) : nullptr;
    return values ? std::span<const double>(*values) : std::span<const double>();
}

std::span<const float> RunData::vectors(const std::string& path) const {
    const ColumnData* data = find(path);
    const auto* values = data ? std::get_if<std::vector<float>>(&data->values) : nullptr;
    return values ? std::span<const float>(*values) : std::span<const float>();
}

std::span<const float> RunData::vectorRow(const std::string& path, std::int64_t row) const {
    const std::span<const float> all = vectors(path);
    const Column* of = column(path);
    if (!of || row < 0 || row >= static_cast<std::int64_t>(all.size()) / of->width) return {};
    return all.subspan(static_cast<std::size_t>(row * of->width), static_cast<std::size_t>(of->width));
}

std::span<const std::string> RunData::texts(const std::string& path) const {
    const ColumnData* data = find(path);
    const auto* values = data ? std::get_if<std::vector<std::string>>(&data->values) : nullptr;
    return values ? std::span<const std::string>(*values) : std::span<const std::string>();
}

void RunData::reset(RunOpened header) { start(std::move(header), true); }

void RunData::clear() { start({}, false); }

void RunData::start(RunOpened header, bool open) {
    header_ = std::move(header);
    open_ = open;
    state_ = RunState::Running;
    state_text_.clear();
    log_.clear();
    progress_.reset();
    columns_.assign(header_.tables.size(), {});
    rows_.assign(header_.tables.size(), 0);
    announced_ = rows_;
    places_.clear();
    for (std::size_t t = 0; t < header_.tables.size(); ++t) {
        for (const Column& column : header_.tables[t].columns) {
            places_[column.path] = {static_cast<int>(t), static_cast<int>(columns_[t].size())};
            ColumnData data{column, static_cast<int>(t), {}};
            if (column.type == CellType::Float32Vector) data.values = std::vector<float>();
            if (column.type == CellType::Text) data.values = std::vector<std::string>();
            columns_[t].push_back(std::move(data));
        }
    }
    Q_EMIT wasReset();
}

void RunData::append(int table, const Row& row) {
    const std::size_t t = static_cast<std::size_t>(table);
    if (table < 0 || t >= columns_.size())
        throw FormatError("row of table " + std::to_string(table) + ": no such table");
    const std::string wrong = rowMismatch(header_.tables[t], row);
    if (!wrong.empty()) throw FormatError(header_.tables[t].name + ": " + wrong);
    for (std::size_t c = 0; c < row.size(); ++c) {
        auto& values = columns_[t][c].values;
        if (const auto* number = std::get_if<double>(&row[c])) {
            std::get<std::vector<double>>(values).push_back(*number);
        } else if (const auto* integer = std::get_if<std::int64_t>(&row[c])) {
            std::get<std::vector<double>>(values).push_back(static_cast<double>(*integer));
        } else if (const auto* vector = std::get_if<std::vector<float>>(&row[c])) {
            auto& all = std::get<std::vector<float>>(values);
            all.insert(all.end(), vector->begin(), vector->end());
        } else {
            std::get<std::vector<std::string>>(values).push_back(std::get<std::string>(row[c]));
        }
    }
    ++rows_[t];
}

void RunData::expectRows(int table, std::int64_t rows) {
    const std::size_t t = static_cast<std::size_t>(table);
    if (table < 0 || t >= columns_.size() || rows <= 0) return;
    constexpr std::int64_t kMostValues = 16'000'000;  // of one column: whoever counts the rows may be wrong
    for (ColumnData& data : columns_[t]) {
        const std::int64_t width = std::max(1, data.column.width);
        const auto room = static_cast<std::size_t>(std::min(rows, kMostValues / width) * width);
        std::visit([&](auto& values) { values.reserve(room); }, data.values);
    }
}

void RunData::announce() {
    for (std::size_t t = 0; t < rows_.size(); ++t) {
        const std::int64_t first = announced_[t], count = rows_[t] - first;
        if (count <= 0) continue;
        announced_[t] = rows_[t];
        Q_EMIT rowsAppended(static_cast<int>(t), first, count);
    }
}

void RunData::setState(RunState state, const QString& text) {
    if (state == state_ && text == state_text_) return;
    state_ = state;
    state_text_ = text;
    Q_EMIT stateChanged();
}

void RunData::setLog(std::vector<LogLine> lines) {
    log_ = std::move(lines);
    Q_EMIT logReplaced();
}

void RunData::addLog(const LogLine& line) {
    log_.push_back(line);
    Q_EMIT logAdded();
}

}  // namespace fm
