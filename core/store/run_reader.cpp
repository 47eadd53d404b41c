#include "core/store/run_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/store/run_schema.h"
#include "core/store/structure_check.h"
#include "core/store/table_reader.h"
#include "core/store/writer_lock.h"

namespace fm {

using h5::Failure;
using h5::Id;

struct RunReader::State {
    std::string path;
    Detail detail = Detail::Whole;
    bool being_written = false;  // the file says that it has a writer, alive or not
    ino_t inode = 0;
    RunOpened header;
    RunState run_state = RunState::Running;
    Id file;
    std::vector<TableReader> tables;  // the job's, then log and states

    ~State();
    void open();
    void readHeader();
    void readTables();
    bool readStatus();
    bool refresh();
    void checkEventTables() const;
    TableReader& tableAt(int table) { return tables.at(static_cast<std::size_t>(table)); }
    struct Found {
        TableReader* table;
        std::size_t index;
        const Column& column;
    };
    Found find(const std::string& column);
    std::vector<char> read(const std::string& column, CellType type, std::int64_t first, std::int64_t count);
};

// Every entry from outside: one session, and the path in front of what HDF5 says.
template <class Call>
static decltype(auto) guarded(const std::string& path, const Call& call) {
    const h5::Session session;
    try {
        return call();
    } catch (const h5::LibraryFailure& failure) {
        throw FormatError(path + ": " + failure.what() +
                          "; the file is damaged or incomplete, so restore it from a copy or remove it");
    } catch (const Failure& failure) {
        throw FormatError(path + ": " + failure.what());
    }
}

RunReader::State::~State() {
    const h5::Session session;
    tables.clear();
    file.reset();
}

static struct stat statOf(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) throw WorldError(readErrorText(path, "opening", errno));
    if (!S_ISREG(info.st_mode)) throw WorldError(path + ": is not a file");
    return info;
}

void RunReader::State::open() {
    const struct stat info = statOf(path);
    inode = info.st_ino;
    const bool live = fm::hasLiveWriter(path);
    h5::requireRunFileStructure(path, live);
    const Id access = h5::owned(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "opening");
    h5::check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "opening");
    h5::check(H5Pset_file_locking(access.get(), false, true), "opening");  // as the writer: run_file.cpp
    // HDF5 waits 1 ns, 2 ns, 4 ns, ... for a checksum to come right: 33 ms in all while somebody writes. Without a
    // writer it never will, and the default of 100 attempts would wait for ever.
    constexpr unsigned attempts_when_live = 25;
    h5::check(H5Pset_metadata_read_attempts(access.get(), live ? attempts_when_live : 1), "opening");
    hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get());
    being_written = id < 0;
    if (being_written) id = H5Fopen(path.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access.get());
    file = h5::owned(id, H5Fclose, "is no complete run file");
    readHeader();
    readTables();
    if (!being_written) {
        // Inside the writer's own process HDF5 shares the open file and needs no SWMR.
        being_written = fm::hasLiveWriter(path);
        return;
    }
    for (TableReader& table : tables) table.requireInside(statOf(path).st_size);
}

void RunReader::State::readHeader() {
    const hid_t root = file.get();
    const long long version = h5::readInteger(root, "schema_version");
    if (version != run_schema::version)
        throw Failure("schema_version", 0, std::to_string(version) + " is not one that this program reads (1)");
    header = {};
    header.run_id = h5::readText(root, "run_id");
    header.job = h5::readText(root, "job");
    header.spec_json = h5::readText(root, "spec_json");
    header.software = h5::readText(root, "software");
    header.device = h5::readText(root, "device");
    header.teacher_hash = h5::readText(root, "teacher_hash");
    if (h5::hasAttribute(root, "chat_family")) header.chat_family = h5::readText(root, "chat_family");
    header.parents = h5::readTexts(root, "parents");
    readStatus();
}

bool RunReader::State::readStatus() {
    const std::string word = h5::readText(file.get(), "status");
    const std::optional<RunState> state = runStateFromString(word);
    if (!state) throw Failure("status", 0, "\"" + word + "\" is not a state");
    return std::exchange(run_state, *state) != *state;
}

static herr_t collectName(hid_t, const char* name, const H5L_info_t* info, void* names) {
    std::vector<std::string>& list = *static_cast<std::vector<std::string>*>(names);
    if (info->type != H5L_TYPE_HARD || list.size() >= 66) return -1;
    list.emplace_back(name);
    return 0;
}

void RunReader::State::readTables() {
    std::vector<std::string> names;
    const Id group = h5::owned(H5Gopen2(file.get(), "tables", H5P_DEFAULT), H5Gclose, "tables");
    h5::check(H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collectName, &names), "tables");
    tables.clear();
    for (const std::string& name : names)
        if (detail == Detail::Whole || !run_schema::isEventTable(name))
            tables.emplace_back(file.get(), "tables/" + name);
    std::sort(tables.begin(), tables.end(),
              [](const TableReader& a, const TableReader& b) { return a.index() < b.index(); });
    for (std::size_t i = 0; i < tables.size(); ++i)
        if (tables[i].index() != static_cast<int>(i)) throw Failure("tables", 0, "are not numbered in order");
    for (TableReader& table : tables) {
        if (detail == Detail::Whole) table.openColumns();
        if (!run_schema::isEventTable(table.table().name)) header.tables.push_back(table.table());
    }
    if (detail == Detail::Whole) checkEventTables();
    try {
        run_schema::checkHeader(header);
    } catch (const FormatError& error) {
        throw Failure("run header", 0, error.what());
    }
}

void RunReader::State::checkEventTables() const {
    const std::vector<Table> expected = run_schema::storedTables(header.tables);
    for (std::size_t t = 0; t < expected.size(); ++t) {
        if (t >= tables.size() || tables[t].table().name != expected[t].name ||
            tables[t].table().columns.size() != expected[t].columns.size())
            throw Failure("tables", 0, "lack the log or the states");
        for (std::size_t c = 0; c < expected[t].columns.size(); ++c)
            if (tables[t].table().columns[c].path != expected[t].columns[c].path ||
                tables[t].table().columns[c].type != expected[t].columns[c].type)
                throw Failure(expected[t].columns[c].path, 0, "is missing or has another type");
    }
}

bool RunReader::State::refresh() {
    if (statOf(path).st_ino != inode) {  // resumed: another file has taken its place
        tables.clear();
        file.reset();
        open();
        return true;
    }
    if (!being_written) return false;
    bool changed = false;
    for (TableReader& table : tables) {
        const std::int64_t before = table.rows();
        table.refresh();
        changed |= table.rows() != before;
    }
    const Id root = h5::owned(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose, "status");
    h5::check(H5Grefresh(root.get()), "status");
    return readStatus() || changed;
}

// Opened, so that its type is known.
RunReader::State::Found RunReader::State::find(const std::string& column) {
    for (TableReader& table : tables)
        for (std::size_t i = 0; i < table.table().columns.size(); ++i)
            if (table.table().columns[i].path == column) return {&table, i, table.openColumn(i)};
    throw Failure(column, 0, "is not recorded in this run");
}

std::vector<char> RunReader::State::read(const std::string& column, CellType type, std::int64_t first,
                                         std::int64_t count) {
    const Found found = find(column);
    if (found.column.type != type) throw Failure(column, 0, "is of another type");
    const std::int64_t rows = found.table->rows();
    const std::int64_t begin = std::clamp<std::int64_t>(first, 0, rows);
    const std::int64_t length = count < 0 ? rows - begin : std::min(count, rows - begin);
    return found.table->read(found.index, begin, length);
}

template <class Value>
static std::vector<Value> valuesOf(const std::vector<char>& bytes) {
    std::vector<Value> values(bytes.size() / sizeof(Value));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

RunReader::RunReader(std::string path, Detail detail) : state_(std::make_unique<State>()) {
    state_->path = std::move(path);
    state_->detail = detail;
    guarded(state_->path, [&] { state_->open(); });
}

RunReader::~RunReader() = default;
RunReader::RunReader(RunReader&&) noexcept = default;
RunReader& RunReader::operator=(RunReader&&) noexcept = default;

const std::string& RunReader::path() const { return state_->path; }
const RunOpened& RunReader::header() const { return state_->header; }
const Column& RunReader::column(const std::string& path) const {
    return guarded(state_->path, [&]() -> const Column& { return state_->find(path).column; });
}
RunState RunReader::state() const { return state_->run_state; }
bool RunReader::hasLiveWriter() const { return fm::hasLiveWriter(state_->path); }

bool RunReader::refresh() {
    return guarded(state_->path, [&] { return state_->refresh(); });
}

std::int64_t RunReader::rows(int table) const { return state_->tableAt(table).rows(); }

std::optional<int> RunReader::findTable(const std::string& name) const {
    const std::vector<Table>& tables = state_->header.tables;
    for (std::size_t i = 0; i < tables.size(); ++i)
        if (tables[i].name == name) return static_cast<int>(i);
    return std::nullopt;
}

std::optional<RunReader::Place> RunReader::find(const std::string& column_path) const {
    const std::vector<Table>& tables = state_->header.tables;
    for (std::size_t t = 0; t < tables.size(); ++t)
        for (std::size_t c = 0; c < tables[t].columns.size(); ++c)
            if (tables[t].columns[c].path == column_path) return Place{static_cast<int>(t), static_cast<int>(c)};
    return std::nullopt;
}

std::vector<std::int64_t> RunReader::readIntegers(const std::string& column, std::int64_t first,
                                                  std::int64_t count) const {
    return guarded(state_->path,
                   [&] { return valuesOf<std::int64_t>(state_->read(column, CellType::Int64, first, count)); });
}

std::vector<double> RunReader::readNumbers(const std::string& column, std::int64_t first, std::int64_t count) const {
    return guarded(state_->path, [&] {
        if (state_->find(column).column.type == CellType::Int64) {
            const auto integers = valuesOf<std::int64_t>(state_->read(column, CellType::Int64, first, count));
            return std::vector<double>(integers.begin(), integers.end());
        }
        return valuesOf<double>(state_->read(column, CellType::Float64, first, count));
    });
}

FloatMatrix RunReader::readVectors(const std::string& column, std::int64_t first, std::int64_t count) const {
    return guarded(state_->path, [&] {
        FloatMatrix matrix;
        matrix.values = valuesOf<float>(state_->read(column, CellType::Float32Vector, first, count));
        matrix.width = state_->find(column).column.width;
        matrix.rows = static_cast<std::int64_t>(matrix.values.size()) / matrix.width;
        return matrix;
    });
}

std::vector<std::string> RunReader::readTexts(const std::string& column, std::int64_t first, std::int64_t count) const {
    return guarded(state_->path, [&] {
        const int width = state_->find(column).column.width;
        return h5::splitTexts(state_->read(column, CellType::Text, first, count), static_cast<std::size_t>(width));
    });
}

std::vector<char> RunReader::readRaw(int table, int column, std::int64_t count) const {
    return guarded(state_->path,
                   [&] { return state_->tableAt(table).read(static_cast<std::size_t>(column), 0, count); });
}

}  // namespace fm
