#include "core/formats/splitter_pattern.h"

#include <array>
#include <cctype>

#include "core/formats/format_error.h"

namespace fm {
namespace {

// White_Space of Unicode. PCRE2's own \s also takes U+180E, which Oniguruma and Rust do not.
constexpr const char* kSpace = R"( \p{Z}\t-\r\x{85})";

// PCRE2 10.42 knows Unicode 14; the ranges are what came after it. ASCII first because it is found in a bit map.
constexpr const char* kLetter =
    R"(A-Za-z\p{L})"
    R"(\x{1C89}-\x{1C8A}\x{A7CB}-\x{A7CD}\x{A7DA}-\x{A7DC}\x{105C0}-\x{105F3}\x{10D4A}-\x{10D65})"
    R"(\x{10D6F}-\x{10D85}\x{10EC2}-\x{10EC4}\x{1123F}-\x{11240}\x{11380}-\x{11389}\x{1138B}\x{1138E})"
    R"(\x{11390}-\x{113B5}\x{113B7}\x{113D1}\x{113D3}\x{11BC0}-\x{11BE0}\x{11F02}\x{11F04}-\x{11F10})"
    R"(\x{11F12}-\x{11F33}\x{1342F}\x{13441}-\x{13446}\x{13460}-\x{143FA}\x{16100}-\x{1611D}\x{16D40}-\x{16D6C})"
    R"(\x{18CFF}\x{1B132}\x{1B155}\x{1DF25}-\x{1DF2A}\x{1E030}-\x{1E06D}\x{1E4D0}-\x{1E4EB}\x{1E5D0}-\x{1E5ED})"
    R"(\x{1E5F0}\x{2B739}\x{2EBF0}-\x{2EE5D}\x{31350}-\x{323AF})";
constexpr const char* kNumber =
    R"(0-9\p{N})"
    R"(\x{10D40}-\x{10D49}\x{116D0}-\x{116E3}\x{11BF0}-\x{11BF9}\x{11F50}-\x{11F59}\x{16130}-\x{16139})"
    R"(\x{16D70}-\x{16D79}\x{1CCF0}-\x{1CCF9}\x{1D2C0}-\x{1D2D3}\x{1E4F0}-\x{1E4F9}\x{1E5F1}-\x{1E5FA})";
constexpr const char* kNumberSince17 = R"(\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6})";

constexpr std::array<std::string_view, 7> kGroupOpenings = {"(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>"};

class Translator {
public:
    explicit Translator(std::string_view pattern) : in_(pattern) {}

    std::string translate() {
        while (at_ < in_.size()) {
            if (in_class_) {
                classCharacter();
            } else {
                character();
            }
        }
        if (in_class_) fail("a class that is not closed");
        return std::move(out_);
    }

private:
    [[noreturn]] static void fail(const std::string& what) { throw PatternError(what); }
    bool startsWith(std::string_view text) const { return in_.substr(at_).starts_with(text); }
    void copy(std::size_t count) {
        out_.append(in_.substr(at_, count));
        at_ += count;
    }

    void character() {
        const char c = in_[at_];
        if (c == '\\') return escape();
        if (c == '(') return group();
        if (c == '[') return openClass();
        if (c == '^' || c == '$') fail(std::string("the anchor ") + c);
        if (startsWith("{,")) fail("the quantifier {,n}");
        if (startsWith("}+")) fail("the quantifier {n}+");
        copy(1);
    }

    void group() {
        if (startsWith("(*")) fail("a verb (*...)");
        if (!startsWith("(?")) return copy(1);
        for (const std::string_view opening : kGroupOpenings) {
            if (startsWith(opening)) return copy(opening.size());
        }
        fail("the group " + quoted(in_.substr(at_, 4)));
    }

    void openClass() {
        in_class_ = true;
        copy(startsWith("[^") ? 2 : 1);
        if (startsWith("]")) fail("an empty class");
    }

    void classCharacter() {
        const char c = in_[at_];
        if (c == '\\') return escape();
        if (c == '[') fail("a class within a class");
        if (startsWith("&&")) fail("an intersection of classes");
        if (c == ']') in_class_ = false;
        copy(1);
    }

    void escape() {
        if (at_ + 1 == in_.size()) fail("a backslash at the end");
        const char c = in_[at_ + 1];
        if (c == 'p' || c == 'P') return property(c == 'P');
        at_ += 2;
        if (c == 's') return members(kSpace, false);
        if (c == 'S') return members(kSpace, true);
        if (c == 'd') return members("\\p{Nd}", false);
        const bool is_plain = c == 'r' || c == 'n' || c == 't' || std::ispunct(static_cast<unsigned char>(c)) != 0;
        if (!is_plain) fail("the escape " + quoted(std::string("\\") + c));
        out_.append({'\\', c});
    }

    void property(bool negated) {
        const std::size_t end = in_.find('}', at_);
        if (at_ + 2 >= in_.size() || in_[at_ + 2] != '{' || end == std::string_view::npos) fail("\\p without {name}");
        const std::string name(in_.substr(at_ + 3, end - at_ - 3));
        for (const char c : name) {
            if (c != '_' && std::isalnum(static_cast<unsigned char>(c)) == 0) fail("the property " + quoted(name));
        }
        at_ = end + 1;
        if (name == "L") return members(kLetter, negated);
        if (name == "N") return members(kNumber, negated);
        members("\\p{" + name + "}", negated);
    }

    void members(const std::string& list, bool negated) {
        if (in_class_ && negated) fail("a negated set within a class");
        if (in_class_) {
            out_.append(list);
        } else {
            out_.append(negated ? "[^" : "[").append(list).append("]");
        }
    }

    std::string_view in_;
    std::size_t at_ = 0;
    bool in_class_ = false;
    std::string out_;
};

}  // namespace

std::string pcreFromOniguruma(std::string_view pattern) { return Translator(pattern).translate(); }

std::string pcreLiteral(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::ispunct(static_cast<unsigned char>(c)) != 0) out.push_back('\\');
        out.push_back(c);
    }
    return out;
}

std::string pcreNumericCharacter() { return std::string("[") + kNumber + kNumberSince17 + "]"; }

}  // namespace fm
