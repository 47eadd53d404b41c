// What comments may cite: the handbook, by page and heading, and nothing that is not in the repository.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/arch/source_tree.h"

namespace fm::arch {

// Files whose text people write: code, Markdown, JSON, templates; without the words that the product ships as data.
bool isWritten(const std::string& path);

// "path:line cites NAME" for every name of a document that is not in the repository.
std::vector<std::string> outsideCitations(const SourceFile& file);

// Citations of the handbook that lead nowhere: no such page, or no such heading in it. `read` gives a file's text by
// its path in the repository, "" where there is none.
std::vector<std::string> deadCitations(const SourceFile& file,
                                       const std::function<std::string(const std::string&)>& read);

}  // namespace fm::arch
