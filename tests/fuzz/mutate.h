// Changes to inputs: of bytes, and of a JSON document as such.
#pragma once

#include <string>

#include "tests/fuzz/fuzz_target.h"

namespace fm::fuzz {

void changeBytes(std::string& bytes, Random& random);

// Changes a value, drops, doubles or nests one. Bytes that are no JSON are left alone.
void changeJson(std::string& text, Random& random);

// The same for a JSON header whose length stands before it in 8 bytes, as in safetensors; the length stays right.
void changeJsonHeader(std::string& bytes, Random& random);

}  // namespace fm::fuzz
