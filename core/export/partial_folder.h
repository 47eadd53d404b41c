// A folder that is either complete or not there: filled under a name of its own beside its place, then renamed.
#pragma once

#include <string>

namespace fm {

// While it is filled, the folder of `path` is ".<name>.<random>.partial" in the same parent. It holds a locked marker
// file, so that what a killed process left can be told from a folder in work and from a folder of the user's: the next
// PartialFolder in that parent removes such leftovers, and nothing else. Missing parents are made. Failures are
// WorldErrors naming the path. Thread: any; several processes and threads may work beside each other.
class PartialFolder {
public:
    explicit PartialFolder(std::string path);
    ~PartialFolder();  // without commit(): nothing has happened
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;

    const std::string& path() const { return partial_; }  // where to write
    void commit();                                        // once, last; never replaces what is at `path` by then

private:
    std::string path_;
    std::string partial_;
    int marker_fd_ = -1;
    bool done_ = false;
};

}  // namespace fm
