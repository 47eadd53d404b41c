// A folder that is either complete or not there: filled as "<path>.partial", then renamed.
#pragma once

#include <string>

namespace fm {

// Failures are WorldErrors naming the path. Without commit() the partial folder is removed again. What an earlier,
// killed attempt left under the same name is removed first.
class PartialFolder {
public:
    explicit PartialFolder(std::string path);
    ~PartialFolder();
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;

    const std::string& path() const { return partial_; }
    void commit();  // once, last

private:
    std::string path_;
    std::string partial_;
    bool done_ = false;
};

}  // namespace fm
