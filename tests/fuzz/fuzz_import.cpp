// Runs as JSON lines, imported into a run file.
#include <filesystem>

#include "core/run/event_json.h"
#include "core/store/jsonl_import.h"
#include "core/store/jsonl_run.h"
#include "core/store/jsonl_writer.h"
#include "tests/fuzz/mutate.h"
#include "tests/store/sample_run.h"

namespace fm::fuzz {

static std::string made() {
    const std::string folder = scratch("jsonl");
    std::filesystem::create_directories(folder);
    {
        const auto writer = JsonlWriter::inFolder(folder);
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 6; ++i) post(RowAppended{0, sample::step(i)});
        post(RowAppended{1, sample::answer(1)});
        post(Logged{Severity::Warning, "[gates] a line"});
        post(StateChanged{RunState::Finished, ""});
        writer->close();
    }
    return contentOf(folder + "/" + sample::run_id + ".jsonl");
}

static void read(const std::uint8_t* data, std::size_t bytes) {
    const std::string path = fileWith("run.jsonl", data, bytes);
    std::filesystem::remove(scratch("imported.h5"));
    importJsonl(path, scratch("imported.h5"));
    const JsonlRun run(path);
    for (const Table& table : run.header().tables)
        for (const Column& column : table.columns)
            if (column.type == CellType::Float64) run.readNumbers(column.path, 0, -1);
}

// One line of it.
static void change(std::string& bytes, Random& random) {
    std::size_t begin = 0;
    for (std::size_t skip = random() % 4; skip > 0; --skip) {
        const std::size_t next = bytes.find('\n', begin);
        if (next != std::string::npos && next + 1 < bytes.size()) begin = next + 1;
    }
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    std::string line = bytes.substr(begin, end - begin);
    changeJson(line, random);
    bytes.replace(begin, end - begin, line);
}

Target importTarget() {
    return {"import", 228, [] { return std::vector<std::string>{made()}; }, read, change};
}

}  // namespace fm::fuzz
