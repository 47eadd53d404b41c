#include "tests/arch/include_rules.h"

#include <algorithm>
#include <regex>

#include "tests/arch/source_tree.h"

namespace fm::arch {

namespace {

using Libraries = std::vector<std::string>;

struct Rule {
    std::string folder;
    Libraries may_see;  // beside std and its own folder
};

// Ground and plan, then what each floor adds (CONTRIBUTING.md draws the floors).
const Libraries kPlain = {"core/base", "core/run", "core/plan", "JSON"};

const Libraries kJobs = {"core/ops",    "core/model", "core/data",   "core/engine",
                         "core/export", "core/store", "core/results"};

Libraries operator+(Libraries left, const Libraries& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

// First match wins, so inner folders stand before outer ones.
const std::vector<Rule>& rules() {
    static const Libraries engine = kPlain + Libraries{"core/formats", "kernels", "LibTorch"};
    static const Libraries window = kPlain + Libraries{"core/rpc", "core/store", "Qt"};
    static const std::vector<Rule> table = {
        {"kernels/cuda/register", {"kernels", "CUDA", "LibTorch"}},  // makes the kernels operators of LibTorch
        {"kernels", {"kernels", "CUDA"}},
        {"core/base", {"JSON", "hash"}},
        {"core/run", {"core/base", "JSON"}},
        {"core/plan", {"core/base", "core/run", "JSON"}},
        {"core/store", kPlain + Libraries{"HDF5"}},
        {"core/rpc", {"core/base", "core/run", "JSON"}},
        {"core/formats", {"core/base", "JSON", "text", "hash"}},
        {"core/ops", {"core/base", "kernels", "LibTorch"}},
        {"core/model", engine + Libraries{"core/ops"}},
        {"core/data", engine},
        {"core/engine", engine + Libraries{"core/ops", "core/model", "core/data"}},
        {"core/export", engine + Libraries{"core/ops", "core/model", "core/data", "core/engine"}},
        {"core/results", kPlain + Libraries{"core/store"}},
        {"core/jobs", engine + kJobs},
        {"core/serve", engine + kJobs + Libraries{"core/jobs", "core/rpc"}},
        {"widgets", window + Libraries{"QCustomPlot"}},
        {"app/gui", window + Libraries{"widgets"}},
        {"app/cli", engine + kJobs + Libraries{"core/jobs", "core/serve", "core/rpc", "CLI11"}},
    };
    return table;
}

bool matches(const std::string& text, const char* pattern) { return std::regex_search(text, std::regex(pattern)); }

std::string ownFolderOf(const std::string& include) {
    static const std::regex kOwn("^(kernels)/|^((?:core|app)/[a-z]+)/|^(widgets|tests)/");
    std::smatch match;
    if (!std::regex_search(include, match, kOwn)) return {};
    return match[1].str() + match[2].str() + match[3].str();
}

}  // namespace

std::vector<std::string> includesOf(const std::string& text) {
    static const std::regex kInclude("^[ \\t]*#[ \\t]*include[ \\t]*[<\"]([^>\"]+)[>\"]");
    std::vector<std::string> names;
    for (const std::string& line : splitLines(text)) {
        std::smatch match;
        if (std::regex_search(line, match, kInclude)) names.push_back(match[1].str());
    }
    return names;
}

std::string libraryOf(const std::string& include) {
    const std::string own = ownFolderOf(include);
    if (!own.empty()) return own;
    if (matches(include, "^(ATen|c10|torch)/")) return "LibTorch";
    if (matches(include, "^(Qt[A-Z]\\w*/)?Q[A-Z]")) return "Qt";
    if (include == "qcustomplot.h") return "QCustomPlot";
    if (matches(include, "^(hdf5|H5)")) return "HDF5";
    if (matches(include, "^(cuda|cooperative_groups|cub/|cublas|nccl|mma\\.h)")) return "CUDA";
    if (startsWith(include, "nlohmann/")) return "JSON";
    if (startsWith(include, "CLI/")) return "CLI11";
    if (include == "pcre2.h" || include == "utf8proc.h") return "text";
    if (include == "xxhash.h") return "hash";
    return "std";
}

std::vector<std::string> forbiddenIncludes(const std::string& path, const std::string& text) {
    const auto rule = std::find_if(rules().begin(), rules().end(),
                                   [&path](const Rule& candidate) { return startsWith(path, candidate.folder); });
    if (rule == rules().end()) return {};
    std::vector<std::string> bad;
    for (const std::string& include : includesOf(text)) {
        const std::string library = libraryOf(include);
        const bool own = library == rule->folder;
        const bool allowed = std::find(rule->may_see.begin(), rule->may_see.end(), library) != rule->may_see.end();
        if (library != "std" && !own && !allowed) {
            bad.push_back(path + " includes " + include + " (" + library + "), which " + rule->folder + " may not see");
        }
    }
    return bad;
}

}  // namespace fm::arch
