#include "tests/arch/function_scan.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace fm::arch {

namespace {

bool isWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Blanks [begin, end) except line ends.
void blank(std::string& text, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < std::min(end, text.size()); ++i) {
        if (text[i] != '\n') text[i] = ' ';
    }
}

std::size_t endOfRawString(const std::string& text, std::size_t quote) {
    const std::size_t open = text.find('(', quote);
    if (open == std::string::npos) return text.size();
    const std::string closing = ")" + text.substr(quote + 1, open - quote - 1) + "\"";
    const std::size_t close = text.find(closing, open);
    return close == std::string::npos ? text.size() : close + closing.size();
}

// One past the closing quote of a literal that begins at `begin`.
std::size_t endOfLiteral(const std::string& text, std::size_t begin) {
    const char quote = text[begin];
    std::size_t i = begin + 1;
    while (i < text.size() && text[i] != quote && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
    return i + 1;
}

std::size_t endOfDirective(const std::string& text, std::size_t begin) {
    std::size_t end = text.find('\n', begin);
    while (end != std::string::npos && text[end - 1] == '\\') end = text.find('\n', end + 1);
    return end == std::string::npos ? text.size() : end;
}

bool firstOnLine(const std::string& text, std::size_t at) {
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
    return at == 0 || text[at - 1] == '\n';
}

// End of the comment, directive or literal that begins at `i`; `i` when none does.
std::size_t endOfNonCode(const std::string& text, std::size_t i) {
    if (text.compare(i, 2, "//") == 0) return std::min(text.find('\n', i), text.size());
    if (text.compare(i, 2, "/*") == 0) return std::min(text.find("*/", i + 2), text.size() - 2) + 2;
    if (text[i] == '#' && firstOnLine(text, i)) return endOfDirective(text, i);
    if (text[i] == '"') return i > 0 && text[i - 1] == 'R' ? endOfRawString(text, i) : endOfLiteral(text, i);
    if (text[i] == '\'' && !(i > 0 && isWordChar(text[i - 1]))) return endOfLiteral(text, i);  // 1'000 is no literal
    return i;
}

enum class Scope { Outer, Function, Other };  // Outer: namespaces and types, in which functions are looked for

std::string squeezed(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!space) out += c;
        if (space && !out.empty() && out.back() != ' ') out += ' ';
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

// What the brace after `head` opens. `head` is everything since the last ';', '{' or '}' at this level.
enum class Opening { Outer, Function, MemberInit, Other };

Opening classify(const std::string& head) {
    static const std::regex kTemplate("^(template ?<[^()]*> ?(requires [^()]*)?)+");
    static const std::regex kOuter("^((inline )?namespace|extern|class|struct|union|enum|typedef)\\b");
    static const std::regex kInitList("\\) ?(noexcept)? ?: ?\\w");
    static const std::regex kBodyWord("(\\)|\\}|const|noexcept|override|final|mutable|try|&)$");
    const std::string plain = std::regex_replace(head, kTemplate, "");
    if (std::regex_search(plain, kOuter) && plain.find('(') == std::string::npos) return Opening::Outer;
    if (plain.find('(') == std::string::npos) return Opening::Other;
    if (plain.substr(0, plain.find('(')).find('=') != std::string::npos &&
        plain.find("operator") == std::string::npos) {
        return Opening::Other;  // a variable with a lambda or an initialiser
    }
    if (std::regex_search(plain, kBodyWord)) return Opening::Function;
    if (std::regex_search(plain, kInitList)) return Opening::MemberInit;
    return plain.find("->") != std::string::npos ? Opening::Function : Opening::Other;
}

class Scanner {
public:
    explicit Scanner(const std::string& code) : code_(code) {}

    std::vector<FunctionSpan> run() {
        for (const char c : code_) {
            if (c == '\n') ++line_;
            step(c);
        }
        return std::move(found_);
    }

private:
    struct Open {
        Scope scope = Scope::Outer;
        bool keeps_head = false;  // a brace inside a member initialiser list
        std::size_t function = 0;
    };

    bool outside() const { return open_.empty() || open_.back().scope == Scope::Outer; }

    void step(char c) {
        if (c == '{') {
            openBrace();
        } else if (c == '}') {
            closeBrace();
        } else if (outside() && c == ';') {
            head_.clear();
        } else if (outside()) {
            if (head_.empty() && std::isspace(static_cast<unsigned char>(c)) != 0) return;
            if (head_.empty()) head_line_ = line_;
            head_ += c;
        }
    }

    void openBrace() {
        if (!outside()) return open_.push_back({Scope::Other, false, 0});
        const std::string head = squeezed(head_);
        const Opening opening = classify(head);
        if (opening == Opening::MemberInit) return open_.push_back({Scope::Other, true, 0});
        head_.clear();
        if (opening == Opening::Outer) return open_.push_back({Scope::Outer, false, 0});
        if (opening == Opening::Other) return open_.push_back({Scope::Other, false, 0});
        found_.push_back({head, head_line_, 0});
        open_.push_back({Scope::Function, false, found_.size() - 1});
    }

    void closeBrace() {
        if (open_.empty()) return;
        const Open closed = open_.back();
        open_.pop_back();
        if (closed.scope == Scope::Function) {
            FunctionSpan& span = found_[closed.function];
            span.num_lines = line_ - span.first_line + 1;
        }
        if (closed.keeps_head) {
            head_ += "{}";
        } else if (outside()) {
            head_.clear();
        }
    }

    const std::string& code_;
    std::vector<FunctionSpan> found_;
    std::vector<Open> open_;
    std::string head_;
    int head_line_ = 1;
    int line_ = 1;
};

}  // namespace

std::string blankNonCode(const std::string& text) {
    std::string out = text;
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t end = endOfNonCode(text, i);
        if (end == i) {
            ++i;
            continue;
        }
        const bool literal = text[i] == '"' || text[i] == '\'';
        blank(out, literal ? i + 1 : i, literal ? end - 1 : end);
        i = end;
    }
    return out;
}

std::vector<FunctionSpan> findFunctions(const std::string& text) {
    // Access specifiers and Qt's sections end like labels and would stick to the head that follows.
    static const std::regex kSection("\\b(public|protected|private)( Q_SLOTS)? ?:(?!:)|\\bQ_SIGNALS ?:|\\bQ_OBJECT\\b");
    std::string code = blankNonCode(text);
    for (std::sregex_iterator match(code.begin(), code.end(), kSection), none; match != none; ++match) {
        // Replacing by blanks keeps positions, so the iterator stays valid.
        std::fill_n(code.begin() + match->position(), match->length(), ' ');
    }
    return Scanner(code).run();
}

}  // namespace fm::arch
