// What a power cut may leave of a folder, at every moment of a process that file_log.cpp watched: a file holds what was
// synced last, or that with zeros behind it, or everything written; each change of a name that was not synced has
// happened or not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fm::testing {

using Bytes = std::shared_ptr<const std::string>;
using Files = std::map<std::string, Bytes>;  // by path relative to the root

Files filesBelow(const std::string& root);  // with an entry "folder/" without bytes for each folder

class PowerCut {
public:
    // `before`: what was below `root` when the process began, all of it on the disk.
    PowerCut(std::string root, const Files& before);
    ~PowerCut();

    // Calls `check` with every state that a cut may leave and the change it came behind. The same content of a file is
    // the same object each time, so that `check` may remember what it has looked at. Ends when `check` returns false.
    // Returns the number of states. Throws std::runtime_error when the log is not whole. Once.
    std::int64_t replay(const std::string& log_path,
                        const std::function<bool(const Files&, const std::string&)>& check);

    Files files() const;  // as they are now, cut or no cut

private:
    struct Node;
    struct Change;
    using NodePtr = std::shared_ptr<Node>;
    enum class Data { Synced, Zeros, Written };

    std::string apply(const Change& change);
    NodePtr parentOf(const std::string& path, std::string& name);
    NodePtr find(const std::string& path);
    bool checkStates(const std::string& cut, const std::function<bool(const Files&, const std::string&)>& check);

    std::string root_;
    NodePtr top_;
    std::int64_t states_ = 0;
};

}  // namespace fm::testing
