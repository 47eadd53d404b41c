// Three kinds of wrong: a user's mistake is a list of problems, the world's failure is an exception with path, step and
// what to do, our own mistake is an assert (assert.h).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fm {

// One mistake of the user's, shown at its field.
struct Problem {
    std::string field;    // dotted path in the spec, e.g. "gates.budget"; a file name where there is no field
    std::string value;    // what was given
    std::string allowed;  // what would be right, as a sentence fragment: "an integer from 0 to 30"
};

// All problems of one input at once. Exit code 2 at the command line.
class InputError : public std::runtime_error {
public:
    explicit InputError(std::vector<Problem> problems);
    explicit InputError(Problem problem) : InputError(std::vector<Problem>{std::move(problem)}) {}
    const std::vector<Problem>& problems() const { return problems_; }

private:
    std::vector<Problem> problems_;
};

// The world's failure: missing or damaged file, full disk, no memory, lost device. Exit code 1.
// The text is one sentence that names path, step or key, and what to do.
class WorldError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A file that is not what it claims to be. Text: "<path>: <offset or key>: <what is wrong>".
class FormatError : public WorldError {
public:
    using WorldError::WorldError;
};

// Thrown by long work when the user asked it to stop; never an error. Exit code 130.
class Cancelled : public std::exception {
public:
    const char* what() const noexcept override { return "stopped on request"; }
};

}  // namespace fm
