#include "core/store/jsonl_import.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/store/run_writer.h"

namespace fm {

namespace {

// Removes the half-made file unless the import came to its end.
class Draft {
public:
    explicit Draft(std::string path) : path_(std::move(path)) {}
    ~Draft() { ::unlink(path_.c_str()); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

JsonlContent importJsonl(const std::string& jsonl_path, const std::string& h5_path) {
    if (::access(h5_path.c_str(), F_OK) == 0) throw WorldError(h5_path + ": exists already; choose another name");
    const Draft draft(h5_path + ".import");
    if (hasLiveWriter(draft.path()))
        throw WorldError(h5_path + ": is being imported by another program; wait until that has ended");
    ::unlink(draft.path().c_str());  // of an import that was killed
    const std::unique_ptr<RunWriter> writer = RunWriter::atPath(draft.path());
    const JsonlContent content = readJsonlEvents(jsonl_path, [&](const RunEvent& event) { writer->post(event); });
    writer->close();
    if (std::rename(draft.path().c_str(), h5_path.c_str()) != 0)
        throw WorldError(fileErrorText(h5_path, "renaming the finished file", errno));
    syncFolderOf(h5_path);
    return content;
}

}  // namespace fm
