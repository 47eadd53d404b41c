// The shape of the source tree: who includes whom, sizes, read-me files, formatting.
#include <QProcess>
#include <QRegularExpression>
#include <QTest>
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "tests/arch/citations.h"
#include "tests/arch/function_scan.h"
#include "tests/arch/include_rules.h"
#include "tests/arch/source_tree.h"

namespace fm::arch {

namespace {

constexpr int kMaxFileLines = 500;
constexpr int kMaxFunctionLines = 60;
constexpr int kMaxReadmeLines = 40;

const std::string kRoot = FM_SOURCE_DIR;

// Where comments may cite documents outside the repository until they are rewritten. Only ever made shorter.
const char* const kStillCiteOutside[] = {"core/model/", "core/ops/", "core/export/", "core/engine/align", "kernels/"};

const std::set<std::string> kTopLevel = {"CMakeLists.txt",
                                         "CMakePresets.json",
                                         "README.md",
                                         "CONTRIBUTING.md",
                                         "CHANGELOG.md",
                                         "LICENSE",
                                         "NOTICE",
                                         "bootstrap.sh",
                                         "app",
                                         "core",
                                         "kernels",
                                         "widgets",
                                         "resources",
                                         "tests",
                                         ".ci",
                                         ".clang-format",
                                         ".clang-tidy",
                                         ".gitignore"};

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += "\n  " + line;
    return text;
}

std::string folderOf(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

}  // namespace

class TestArch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void scannerFindsFunctions();
    void scannerIgnoresLiteralsAndComments();
    void includeTableForbids();
    void includesFollowTheTable();
    void topLevelIsTheAgreedOne();
    void filesAreShort();
    void functionsAreShort();
    void headersAreGuarded();
    void nothingIsLeftForLater();
    void citationsAreFound();
    void commentsCiteTheHandbookOnly();
    void callersHaveNoBuildSwitches();
    void foldersExplainThemselves();
    void changelogNamesTheNumbers();
    void layoutIsClangFormats();
    void headersCompileAlone();

private:
    void report(const std::vector<std::string>& problems) {
        QVERIFY2(problems.empty(), (std::to_string(problems.size()) + " problems:" + joined(problems)).c_str());
    }
    std::vector<SourceFile> filesWhere(bool (*wanted)(const std::string&)) const;

    std::vector<std::string> paths_;
};

void TestArch::initTestCase() {
    const std::optional<std::vector<std::string>> paths = listRepository(kRoot);
    if (!paths) QSKIP("the sources are not in a git repository, or there is no git");
    paths_ = *paths;
    QVERIFY(paths_.size() > 50);
}

std::vector<SourceFile> TestArch::filesWhere(bool (*wanted)(const std::string&)) const {
    std::vector<SourceFile> files;
    for (const std::string& path : paths_) {
        if (wanted(path)) files.push_back({path, readFile(kRoot + "/" + path)});
    }
    return files;
}

void TestArch::scannerFindsFunctions() {
    const std::string text =
        "namespace fm {\n"                                              // 1
        "const int kTable[] = {1, 2};\n"                                // 2
        "template <class T>\n"                                          // 3
        "struct Box {\n"                                                // 4
        "    explicit Box(T value) : value_{value}, twice_{value} {\n"  // 5
        "        value_ = value;\n"                                     // 6
        "    }\n"                                                       // 7
        "    T get() const { return value_; }\n"                        // 8
        "};\n"                                                          // 9
        "static auto later(int a,\n"                                    // 10
        "                  int b) -> int {\n"                           // 11
        "    auto f = [&](int c) {\n"                                   // 12
        "        if (c) { return a; }\n"                                // 13
        "        return b;\n"                                           // 14
        "    };\n"                                                      // 15
        "    return f(1);\n"                                            // 16
        "}\n"                                                           // 17
        "bool operator==(const A& a, const B& b) { return true; }\n"    // 18
        "}  // namespace fm\n";
    const std::vector<FunctionSpan> found = findFunctions(text);
    QCOMPARE(found.size(), std::size_t(4));
    QCOMPARE(found[0].first_line, 5);
    QCOMPARE(found[0].num_lines, 3);
    QCOMPARE(found[1].first_line, 8);
    QCOMPARE(found[1].num_lines, 1);
    QCOMPARE(found[2].first_line, 10);
    QCOMPARE(found[2].num_lines, 8);
    QCOMPARE(found[3].first_line, 18);
}

void TestArch::scannerIgnoresLiteralsAndComments() {
    const std::string text =
        "#define OPEN {\n"
        "void f() {  // {\n"
        "    const char* a = \"{ \\\" {\"; /* { */\n"
        "    const char b = '{', c = '\\'';\n"
        "    const char* d = R\"(} { \")\";\n"
        "    const int e = 1'000;\n"
        "}\n"
        "void g() {}\n";
    const std::vector<FunctionSpan> found = findFunctions(text);
    QCOMPARE(found.size(), std::size_t(2));
    QCOMPARE(found[0].num_lines, 6);
    QCOMPARE(found[1].first_line, 8);
}

void TestArch::includeTableForbids() {
    const auto forbidden = [](const char* path, const char* include) {
        return !forbiddenIncludes(path, "#include " + std::string(include) + "\n").empty();
    };
    QVERIFY(forbidden("core/run/a.h", "<ATen/ATen.h>"));
    QVERIFY(forbidden("core/run/a.h", "\"core/formats/tensor_view.h\""));
    QVERIFY(forbidden("core/formats/a.cpp", "<c10/util/Exception.h>"));
    QVERIFY(forbidden("core/store/a.cpp", "<QString>"));
    QVERIFY(forbidden("core/store/a.cpp", "<QtCore/QString>"));
    QVERIFY(forbidden("core/engine/a.cpp", "<hdf5.h>"));
    QVERIFY(forbidden("core/engine/a.cpp", "\"core/store/run_writer.h\""));
    QVERIFY(forbidden("core/engine/a.cpp", "\"app/cli/output.h\""));
    QVERIFY(forbidden("kernels/cpu/gdn.cpp", "\"core/base/error.h\""));
    QVERIFY(forbidden("kernels/cpu/gdn.cpp", "<nlohmann/json.hpp>"));
    QVERIFY(forbidden("kernels/cuda/gdn.cu", "<ATen/ATen.h>"));
    QVERIFY(forbidden("widgets/plot.cpp", "\"core/engine/gates.h\""));
    QVERIFY(forbidden("widgets/plot.cpp", "<cuda_runtime.h>"));
    QVERIFY(forbidden("app/gui/main.cpp", "<torch/library.h>"));
    QVERIFY(forbidden("app/cli/main.cpp", "<hdf5.h>"));
    QVERIFY(!forbidden("core/run/a.h", "<vector>"));
    QVERIFY(!forbidden("core/run/a.h", "\"core/base/error.h\""));
    QVERIFY(!forbidden("core/engine/a.cpp", "<ATen/ATen.h>"));
    QVERIFY(!forbidden("core/engine/a.cpp", "\"kernels/cpu/gdn.h\""));
    QVERIFY(!forbidden("core/store/a.cpp", "<hdf5.h>"));
    QVERIFY(!forbidden("kernels/cuda/register_gdn.cpp", "<c10/cuda/CUDAStream.h>"));
    QVERIFY(!forbidden("widgets/plot.cpp", "<qcustomplot.h>"));
}

void TestArch::includesFollowTheTable() {
    std::vector<std::string> problems;
    for (const SourceFile& file : filesWhere(isCpp)) {
        for (const std::string& problem : forbiddenIncludes(file.path, file.text)) problems.push_back(problem);
    }
    report(problems);
}

void TestArch::topLevelIsTheAgreedOne() {
    std::set<std::string> found;
    for (const std::string& path : paths_) found.insert(path.substr(0, path.find('/')));
    std::vector<std::string> problems;
    for (const std::string& entry : found) {
        if (!kTopLevel.contains(entry)) problems.push_back(entry + " is not among the agreed top-level entries");
    }
    for (const std::string& entry : kTopLevel) {
        if (!found.contains(entry)) problems.push_back(entry + " is missing at the top level");
    }
    report(problems);
}

void TestArch::filesAreShort() {
    std::vector<std::string> problems;
    for (const SourceFile& file : filesWhere(isCode)) {
        const std::size_t lines = splitLines(file.text).size();
        if (lines > kMaxFileLines) problems.push_back(file.path + " has " + std::to_string(lines) + " lines");
    }
    report(problems);
}

void TestArch::functionsAreShort() {
    std::vector<std::string> problems;
    std::size_t num_functions = 0;
    for (const SourceFile& file : filesWhere(isCpp)) {
        for (const FunctionSpan& function : findFunctions(file.text)) {
            ++num_functions;
            const bool is_table = function.head.find("forEachField(") != std::string::npos;  // one line per field
            if (is_table || function.num_lines <= kMaxFunctionLines) continue;
            problems.push_back(file.path + ":" + std::to_string(function.first_line) + " has a function of " +
                               std::to_string(function.num_lines) + " lines: " + function.head.substr(0, 80));
        }
    }
    QVERIFY2(num_functions > 200, "the scanner finds too few functions to be believed");
    report(problems);
}

void TestArch::headersAreGuarded() {
    std::vector<std::string> problems;
    for (const SourceFile& file : filesWhere(isHeader)) {
        if (file.text.find("#pragma once") == std::string::npos) problems.push_back(file.path + " lacks #pragma once");
    }
    report(problems);
}

void TestArch::nothingIsLeftForLater() {
    const QRegularExpression word(QString("\\b(TO") + "DO|FIX" + "ME|X" + "XX)\\b");
    std::vector<std::string> problems;
    for (const SourceFile& file : filesWhere(isCode)) {
        if (word.match(QString::fromStdString(file.text)).hasMatch()) problems.push_back(file.path);
    }
    report(problems);
}

void TestArch::citationsAreFound() {
    const auto outside = [](const char* path, const std::string& text) {
        return outsideCitations({path, text}).size();
    };
    const std::string page = std::string("method") + ".md", other = std::string("kernels") + ".md";
    QCOMPARE(outside("core/a.h",
                     "// see DES"
                     "IGN 5\n// " +
                         page + " 1.3\n"),
             std::size_t(2));
    QCOMPARE(outside("core/a.h", "// reference/" + page + " 2\n// (" + other + ")"), std::size_t(2));
    QCOMPARE(outside("core/a.h", "// resources/handbook/" + page + ", \"Swaps\"; kernels/README.md; measurements.md"),
             std::size_t(0));
    QCOMPARE(outside("resources/handbook/window.md", "[Method](" + page + ")"), std::size_t(0));
    const auto dead = [](const std::string& text) {
        return deadCitations(
                   {"core/a.h", text},
                   [](const std::string& path) {
                       return std::string(path == "resources/handbook/method.md" ? "# Method\n\n## Swaps\n" : "");
                   })
            .size();
    };
    const std::string cited = "// (resources/handbook/" + page;
    QCOMPARE(dead(cited + ", \"Swaps\").\n"), std::size_t(0));
    QCOMPARE(dead(cited + ",\n    // \"Pins\" and\n// \"Ties\")"), std::size_t(2));
    QCOMPARE(dead("resources/handbook/" + std::string("gone.md")), std::size_t(1));
}

void TestArch::commentsCiteTheHandbookOnly() {
    std::vector<std::string> problems;
    for (const SourceFile& file : filesWhere(isWritten)) {
        const auto read = [](const std::string& path) { return readFile(kRoot + "/" + path); };
        for (const std::string& dead : deadCitations(file, read)) problems.push_back(dead);
        const auto here = [&](const char* place) { return startsWith(file.path, place); };
        if (std::any_of(std::begin(kStillCiteOutside), std::end(kStillCiteOutside), here)) continue;
        for (const std::string& outside : outsideCitations(file)) problems.push_back(outside);
    }
    report(problems);
}

void TestArch::callersHaveNoBuildSwitches() {
    const QRegularExpression directive("^[ \\t]*#[ \\t]*(if|elif|ifdef|ifndef|elifdef)\\b[^\\n]*\\bFM_",
                                       QRegularExpression::MultilineOption);
    QVERIFY(directive.match(QString("int a;\n#ifdef ") + "FM_CUDA\n").hasMatch());
    std::vector<std::string> problems;
    for (const SourceFile& file : filesWhere(isCpp)) {
        if (directive.match(QString::fromStdString(file.text)).hasMatch()) {
            problems.push_back(file.path + ": a build switch is a choice of files, never of preprocessor branches");
        }
    }
    report(problems);
}

// The first two levels; below them, fixtures and private parts are explained by their parent.
void TestArch::foldersExplainThemselves() {
    std::map<std::string, bool> folders;
    for (const std::string& path : paths_) {
        for (std::string folder = folderOf(path); !folder.empty(); folder = folderOf(folder)) {
            const std::string parent = folderOf(folder);
            if (startsWith(folder, ".") || endsWith(folder, "/cmake") || parent.find('/') != std::string::npos)
                continue;
            folders.emplace(folder, false);
        }
    }
    std::vector<std::string> problems;
    for (const auto& [folder, unused] : folders) {
        const std::string readme = kRoot + "/" + folder + "/README.md";
        const std::size_t lines = splitLines(readFile(readme)).size();
        if (lines == 0) problems.push_back(folder + " has no README.md");
        if (lines > kMaxReadmeLines) problems.push_back(folder + "/README.md has " + std::to_string(lines) + " lines");
    }
    report(problems);
}

// Version, protocol and schema move together with what users read about them.
void TestArch::changelogNamesTheNumbers() {
    const auto number = [](const char* path, const char* pattern) {
        std::smatch match;
        const std::string text = readFile(kRoot + "/" + path);
        return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : std::string("none");
    };
    const std::string version = number("CMakeLists.txt", "project\\(Flashmorph VERSION ([0-9.]+)");
    const std::string protocol = number("core/rpc/methods.h", "protocol_version = ([0-9]+)");
    const std::string schema = number("core/store/run_schema.h", "int version = ([0-9]+)");
    const std::string changes = readFile(kRoot + "/CHANGELOG.md");
    const std::size_t newest = changes.find("\n## ");
    QVERIFY(newest != std::string::npos);
    const std::string entry = changes.substr(newest + 4, changes.find("\n## ", newest + 4) - newest - 4);
    for (const std::string& wanted : {version, "Protocol " + protocol, "schema " + schema})
        QVERIFY2(entry.find(wanted) != std::string::npos,
                 ("the newest entry of CHANGELOG.md lacks: " + wanted).c_str());
}

void TestArch::layoutIsClangFormats() {
    QProcess version;
    version.start("clang-format", {"--version"});
    if (!version.waitForFinished()) QSKIP("clang-format is not installed");
    // Other releases lay out some constructs differently; 14 is Debian 12's.
    const QString text = version.readAllStandardOutput();
    if (!text.contains(QRegularExpression("version 14\\."))) {
        QSKIP(("clang-format 14 is not installed, but " + text.trimmed()).toUtf8().constData());
    }
    QStringList arguments = {"--dry-run", "-Werror", "--ferror-limit=1"};
    for (const std::string& path : paths_) {
        if (isCpp(path)) arguments << QString::fromStdString(path);
    }
    QProcess format;
    format.setWorkingDirectory(QString::fromStdString(kRoot));
    format.start("clang-format", arguments);
    QVERIFY(format.waitForFinished(60000));
    QStringList problems;
    for (const QString& line : QString::fromUtf8(format.readAllStandardError()).split('\n')) {
        if (line.contains("error:")) problems << line.section(": error:", 0, 0);
    }
    QVERIFY2(format.exitCode() == 0,
             ("not laid out by clang-format:\n  " + problems.join("\n  ")).toUtf8().constData());
}

void TestArch::headersCompileAlone() {
    std::vector<std::string> problems;
    for (const std::string& path : paths_) {
        const bool checked = startsWith(path, "core/run/") || startsWith(path, "core/formats/") ||
                             startsWith(path, "core/data/") || startsWith(path, "kernels/cpu/");
        if (!checked || !isHeader(path)) continue;
        QProcess compiler;  // the widest instruction set, so that the vector types are looked at too
        compiler.setWorkingDirectory(QString::fromStdString(kRoot));
        compiler.start(FM_CXX_COMPILER,
                       {"-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-mavx512f", "-mfma", "-I.", "-x",
                        "c++", "-include", QString::fromStdString(path), "/dev/null"});
        QVERIFY(compiler.waitForFinished(60000));
        if (compiler.exitCode() != 0) {
            problems.push_back(path + ": " + compiler.readAllStandardError().left(300).toStdString());
        }
    }
    report(problems);
}

}  // namespace fm::arch

QTEST_GUILESS_MAIN(fm::arch::TestArch)
#include "test_arch.moc"
