#include "core/store/run_file.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/atomic_file.h"
#include "core/store/run_schema.h"

namespace fm {

using h5::check;
using h5::Id;
using h5::owned;

template <class Call>
void RunFile::guarded(const Call& call) {
    const h5::Session session;
    try {
        call();
    } catch (const h5::Failure& failure) {
        broken_ = true;
        if (failure.errorNumber() != 0) throw WorldError(fileErrorText(path_, "writing", failure.errorNumber()));
        throw WorldError(path_ + ": " + failure.what());
    } catch (const FormatError& error) {
        throw FormatError(path_ + ": " + error.what());
    }
}

RunFile::RunFile(const std::string& path, const RunOpened& header, const WriterLock* old) : path_(path), old_(old) {
    run_schema::checkHeader(header);
    if (!old_ && ::access(path_.c_str(), F_OK) == 0)
        throw WorldError(path_ + ": exists already; choose another name or resume it");
    disk_file_ = std::make_unique<TemporaryFile>(path_);
    create(header);
}

// Not inside SWMR mode yet: the only time at which groups, datasets and attributes may come into being.
void RunFile::create(const RunOpened& header) {
    guarded([&] {
        const Id creation = owned(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "creating");
        // All attributes in the object header: the other kind of storage is not made for rewriting under SWMR.
        check(H5Pset_attr_phase_change(creation.get(), 64, 32), "creating");
        const Id access = owned(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "creating");
        check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110), "creating");
        check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "creating");
        // We lock the file ourselves. HDF5's kind of lock meets ours where a network file system knows one kind only.
        check(H5Pset_file_locking(access.get(), false, true), "creating");
        file_ = owned(H5Fcreate(disk_file_->path().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose,
                      "creating");
        const hid_t root = file_.get();
        h5::writeInteger(root, "schema_version", run_schema::version);
        h5::writeText(root, "run_id", header.run_id);
        h5::writeText(root, "job", header.job);
        h5::writeText(root, "status", toString(RunState::Running), run_schema::status_bytes);
        h5::writeText(root, "spec_json", header.spec_json);
        h5::writeText(root, "software", header.software);
        h5::writeText(root, "device", header.device);
        h5::writeText(root, "teacher_hash", header.teacher_hash);
        if (!header.chat_family.empty()) h5::writeText(root, "chat_family", header.chat_family);
        h5::writeTexts(root, "parents", header.parents);
        int index = 0;
        for (const Table& table : run_schema::storedTables(header.tables)) tables_.emplace_back(root, table, index++);
    });
}

RunFile::~RunFile() {
    const h5::Session session;
    if (broken_) {
        for (TableFile& table : tables_) table.abandon();
        file_.release();
    }
    tables_.clear();
    file_.reset();
}

void RunFile::copyRows(std::size_t table, std::size_t column, const std::vector<char>& bytes) {
    tables_[table].pushRaw(column, bytes);
}

void RunFile::startWriting() {
    guarded([&] {
        requireSpace();
        for (TableFile& table : tables_) {
            table.writePending();
            table.publishRows();
        }
        check(H5Fflush(file_.get(), H5F_SCOPE_LOCAL), "writing");
        check(H5Fstart_swmr_write(file_.get()), "starting to append");
    });
    if (!old_) return disk_file_->becomeTarget();
    old_->requireSameFile();
    disk_file_->replaceTarget();
    old_ = nullptr;
}

void RunFile::append(std::size_t table, const Row& row) {
    guarded([&] { tables_.at(table).push(row); });
}

std::int64_t RunFile::pendingRows() const {
    std::int64_t rows = 0;
    for (const TableFile& table : tables_) rows += table.pendingRows();
    return rows;
}

void RunFile::dropPending() {
    for (TableFile& table : tables_) table.dropPending();
}

// Asked before HDF5 is: once a write inside it has failed for want of space, it cannot close the file any more.
void RunFile::requireSpace() const {
    constexpr std::size_t reserve_bytes = 512 * 1024;  // for the file's own structures and a last message
    std::size_t needed = reserve_bytes;
    for (const TableFile& table : tables_) needed += table.bytesNeeded();
    struct statvfs space {};
    if (::fstatvfs(disk_file_->fd(), &space) != 0 || space.f_blocks == 0)
        return;  // unknown: the write itself will tell
    if (static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize) < static_cast<double>(needed))
        throw WorldError(fileErrorText(path_, "writing", ENOSPC));
}

void RunFile::flush() {
    if (pendingRows() == 0) return;
    guarded([&] {
        requireSpace();
        std::vector<TableFile*> grown;
        for (TableFile& table : tables_) {
            if (table.pendingRows() == 0) continue;
            table.writePending();
            grown.push_back(&table);
        }
        check(H5Fflush(file_.get(), H5F_SCOPE_LOCAL), "writing");
        for (TableFile* table : grown) table->publishRows();
    });
}

void RunFile::setStatus(RunState state) {
    guarded([&] {
        const Id root = owned(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose, "status");
        h5::rewriteText(root.get(), "status", toString(state));
        check(H5Oflush(root.get()), "status");
    });
}

void RunFile::close() {
    if (broken_) return;
    guarded([&] {
        tables_.clear();
        check(H5Fclose(file_.get()), "closing");
        file_.release();
    });
    disk_file_->sync();  // outside of the session: a slow disk must not hold up other threads' reading
    disk_file_->requireInPlace();
    disk_file_.reset();
}

}  // namespace fm
