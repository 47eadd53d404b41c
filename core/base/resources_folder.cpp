#include "core/base/resources_folder.h"

#include <filesystem>

namespace fm {

namespace fs = std::filesystem;

std::string resourcesFolder() {
    std::error_code error;  // without /proc the folder is looked for beside the present one
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path share = (program.parent_path() / "../share/flashmorph").lexically_normal();
    const fs::path resolved = fs::canonical(share, error);
    return (error ? share : resolved).string();
}

}  // namespace fm
