#include "tests/support/power_cut.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "tests/support/file_log.h"

namespace fm::testing {

namespace fs = std::filesystem;
using filelog::Kind;

// A change of names in one folder: `removed` goes, `added` comes; either may be empty.
struct NameChange {
    std::string removed, added;
    std::shared_ptr<void> node;
};

struct PowerCut::Node {
    bool folder = false;
    Bytes written, synced = std::make_shared<const std::string>(), zeros;
    std::map<std::string, NodePtr> names, synced_names;
    std::vector<NameChange> pending;

    void change(const std::string& removed, const std::string& added, const NodePtr& node) {
        perform(names, {removed, added, node});
        pending.push_back({removed, added, node});
    }
    static void perform(std::map<std::string, NodePtr>& names, const NameChange& change) {
        names.erase(change.removed);
        if (!change.added.empty()) names[change.added] = std::static_pointer_cast<Node>(change.node);
    }
    void sync() {
        synced = written;
        zeros = nullptr;
        synced_names = names;
        pending.clear();
    }
    void write(std::string bytes) {
        written = std::make_shared<const std::string>(std::move(bytes));
        zeros = nullptr;
    }
    Bytes content(Data data) {
        if (data == Data::Written || written == synced) return written;
        if (data == Data::Synced || written->size() <= synced->size()) return synced;
        if (!zeros)
            zeros = std::make_shared<const std::string>(*synced + std::string(written->size() - synced->size(), 0));
        return zeros;
    }
};

struct PowerCut::Change {
    Kind kind;
    std::string text, more;
    std::int64_t number;
};

Files filesBelow(const std::string& root) {
    Files files;
    if (!fs::exists(root)) return files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
        if (entry.is_directory()) files[fs::relative(entry.path(), root).string() + "/"] = nullptr;
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        files[fs::relative(entry.path(), root).string()] =
            std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return files;
}

PowerCut::PowerCut(std::string root, const Files& before) : root_(std::move(root)), top_(std::make_shared<Node>()) {
    top_->folder = true;
    for (const auto& [path, bytes] : before) {
        NodePtr folder = top_;
        const fs::path parts(path);
        for (const fs::path& part : parts.parent_path()) {
            NodePtr& below = folder->names[part.string()];
            if (!below) below = std::make_shared<Node>();
            below->folder = true;
            folder = folder->synced_names[part.string()] = below;
        }
        if (!bytes) continue;
        const auto file = std::make_shared<Node>();
        file->written = file->synced = bytes;
        folder->names[parts.filename().string()] = folder->synced_names[parts.filename().string()] = file;
    }
}

PowerCut::~PowerCut() = default;

PowerCut::NodePtr PowerCut::find(const std::string& path) {
    NodePtr node = top_;
    if (path == root_) return node;
    for (const fs::path& part : fs::path(path.substr(root_.size() + 1))) {
        const auto found = node->names.find(part.string());
        if (found == node->names.end()) return nullptr;
        node = found->second;
    }
    return node;
}

PowerCut::NodePtr PowerCut::parentOf(const std::string& path, std::string& name) {
    name = fs::path(path).filename().string();
    const NodePtr folder = find(fs::path(path).parent_path().string());
    if (!folder) throw std::runtime_error(path + ": a change in a folder that is not known");
    return folder;
}

// What was done, in words; "" when it changed nothing that a cut could lose.
std::string PowerCut::apply(const Change& change) {
    std::string name;
    if (change.text == root_ && change.kind != Kind::Sync) return {};
    const NodePtr node = find(change.text);
    switch (change.kind) {
        case Kind::Create:
        case Kind::MakeFolder: {
            const auto made = std::make_shared<Node>();
            made->folder = change.kind == Kind::MakeFolder;
            made->written = made->synced;
            parentOf(change.text, name)->change("", name, made);
            return "the creation of " + change.text;
        }
        case Kind::Write: {
            if (!node) return {};  // of a file that has lost its name
            std::string bytes = *node->written;
            const std::size_t at = static_cast<std::size_t>(change.number);
            if (bytes.size() < at + change.more.size()) bytes.resize(at + change.more.size());
            bytes.replace(at, change.more.size(), change.more);
            node->write(std::move(bytes));
            return "a write to " + change.text;
        }
        case Kind::Truncate: {
            if (!node) return {};
            std::string bytes = *node->written;
            bytes.resize(static_cast<std::size_t>(change.number));
            node->write(std::move(bytes));
            return "a new size of " + change.text;
        }
        case Kind::Sync:
            if (node) node->sync();
            return {};
        case Kind::Rename: {
            if (!node) throw std::runtime_error(change.text + ": was renamed and is not known");
            std::string to;
            const NodePtr from_folder = parentOf(change.text, name), to_folder = parentOf(change.more, to);
            if (from_folder != to_folder) throw std::runtime_error(change.text + ": was moved to another folder");
            from_folder->change(name, to, node);
            return "the renaming of " + change.text;
        }
        case Kind::Remove:
            parentOf(change.text, name)->change(name, "", nullptr);
            return "the removal of " + change.text;
    }
    throw std::runtime_error("the log of file changes is damaged");
}

// One choice of what has happened to the names: bit i of `happened` is the i-th change that waits for a sync.
template <class Node, class Content>
static void collect(const Node& folder, const std::string& prefix, std::uint64_t happened, int& waiting,
                    const Content& content, Files& files) {
    auto names = folder.synced_names;
    for (const NameChange& change : folder.pending)
        if (happened >> (waiting++ % 64) & 1) Node::perform(names, change);
    for (const auto& [name, node] : names) {
        if (node->folder)
            collect(*node, prefix + name + "/", happened, waiting, content, files);
        else
            files[prefix + name] = content(*node);
    }
}

Files PowerCut::files() const {
    Files files;
    int waiting = 0;
    collect(
        *top_, "", ~std::uint64_t{0}, waiting, [](Node& node) { return node.content(Data::Written); }, files);
    return files;
}

// All choices while few changes wait; else none, all, each alone, and all but each.
static std::vector<std::uint64_t> choices(int waiting) {
    std::vector<std::uint64_t> masks;
    constexpr int few = 5;
    const std::uint64_t all = (std::uint64_t{1} << std::min(waiting, 63)) - 1;
    if (waiting <= few) {
        for (std::uint64_t mask = 0; mask <= all; ++mask) masks.push_back(mask);
        return masks;
    }
    masks = {0, all};
    for (int i = 0; i < std::min(waiting, 63); ++i) {
        masks.push_back(std::uint64_t{1} << i);
        masks.push_back(all & ~(std::uint64_t{1} << i));
    }
    return masks;
}

bool PowerCut::checkStates(const std::string& cut, const std::function<bool(const Files&, const std::string&)>& check) {
    Files ignored;
    int waiting = 0;
    collect(
        *top_, "", ~std::uint64_t{0}, waiting, [](Node&) { return Bytes(); }, ignored);
    for (const std::uint64_t mask : choices(waiting)) {
        for (const Data data : {Data::Synced, Data::Zeros, Data::Written}) {
            Files files;
            int seen = 0;
            collect(
                *top_, "", mask, seen, [data](Node& node) { return node.content(data); }, files);
            ++states_;
            const char* what = data == Data::Synced ? "only synced bytes" : data == Data::Zeros ? "zeros" : "all bytes";
            if (!check(files, "after " + cut + ", " + what + ", names " + std::to_string(mask))) return false;
        }
    }
    return true;
}

std::int64_t PowerCut::replay(const std::string& log_path,
                              const std::function<bool(const Files&, const std::string&)>& check) {
    std::ifstream log(log_path, std::ios::binary);
    filelog::Head head{};
    while (log.read(reinterpret_cast<char*>(&head), sizeof head)) {
        Change change{static_cast<Kind>(head.kind), std::string(head.text_bytes, 0), std::string(head.more_bytes, 0),
                      head.number};
        log.read(change.text.data(), static_cast<std::streamsize>(change.text.size()));
        if (!log.read(change.more.data(), static_cast<std::streamsize>(change.more.size())))
            throw std::runtime_error(log_path + ": ends in the middle of a change");
        const std::string cut = apply(change);
        if (!cut.empty() && !checkStates(cut, check)) break;
    }
    return states_;
}

}  // namespace fm::testing
