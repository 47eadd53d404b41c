// Finds function definitions in C++ text without a compiler: good enough for code that clang-format has laid out.
#pragma once

#include <string>
#include <vector>

namespace fm::arch {

struct FunctionSpan {
    std::string head;    // signature, blanks squeezed
    int first_line = 0;  // 1-based, of the signature
    int num_lines = 0;   // to the closing brace
};

// Lambdas and local types count inside their function; members defined in a class are functions of their own.
std::vector<FunctionSpan> findFunctions(const std::string& text);

// The text with comments, preprocessor lines and the contents of string and character literals blanked; line ends and
// length are kept.
std::string blankNonCode(const std::string& text);

}  // namespace fm::arch
