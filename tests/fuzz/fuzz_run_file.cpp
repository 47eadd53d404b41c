// Run files in HDF5, with checksums that are right again after the damage.
#include <filesystem>

#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/store/sample_run.h"
#include "tests/support/hdf5_structures.h"

namespace fm::fuzz {

static std::string made() {
    const std::string folder = scratch("runs");
    std::filesystem::create_directories(folder);
    {
        const auto writer = RunWriter::inFolder(folder);
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 40; ++i) post(RowAppended{0, sample::step(i)});
        for (std::int64_t i = 0; i < 20; ++i) post(RowAppended{1, sample::answer(i)});
        post(Logged{Severity::Info, "[gates] a line"});
        post(StateChanged{RunState::Finished, ""});
        writer->close();
    }
    return contentOf(folder + "/" + sample::run_id + ".h5");
}

static void read(const std::uint8_t* data, std::size_t bytes) {
    const std::string path = fileWith("run.h5", data, bytes);
    static_cast<void>(RunReader(path, RunReader::Detail::Summary));
    const RunReader reader(path);
    reader.readLog();
    reader.readStates();
    const std::vector<Table>& tables = reader.header().tables;
    for (std::size_t t = 0; t < tables.size(); ++t)
        for (std::size_t c = 0; c < tables[t].columns.size(); ++c)
            reader.readRaw(static_cast<int>(t), static_cast<int>(c), reader.rows(static_cast<int>(t)));
}

static void change(std::string& bytes, Random& random) {
    static const std::string good = bytes;
    static const std::vector<testing::Hdf5Structure> all = testing::findStructures(good);
    testing::damageStructure(bytes, all[random() % all.size()], all, random);
}

Target runFileTarget() {
    return {"run_file", 1951, [] { return std::vector<std::string>{made()}; }, read, change};
}

}  // namespace fm::fuzz
