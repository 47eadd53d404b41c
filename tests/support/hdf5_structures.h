// The structures in the bytes of an HDF5 file, found by signature and checksum, changed at random and sealed again:
// damage that no checksum tells. Needs libhdf5 for the checksum, so that it is not ours that is compared with itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" unsigned H5_checksum_metadata(const void* data, std::size_t bytes, unsigned start);  // exported, undeclared

namespace fm::testing {

struct Hdf5Structure {
    std::string kind;  // its signature; "superblock"
    std::size_t at = 0, bytes = 0, checksum_at = 0;
};

inline std::uint64_t numberAt(const std::string& bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, width);
    return value;
}

inline unsigned checksumOf(const std::string& bytes, const Hdf5Structure& what) {
    if (what.kind != "FHDB") return H5_checksum_metadata(bytes.data() + what.at, what.checksum_at - what.at, 0);
    std::string block = bytes.substr(what.at, what.bytes);  // covers itself, as zeros
    block.replace(what.checksum_at - what.at, 4, 4, '\0');
    return H5_checksum_metadata(block.data(), block.size(), 0);
}

inline void seal(std::string& bytes, const Hdf5Structure& what) {
    const unsigned sum = checksumOf(bytes, what);
    std::memcpy(bytes.data() + what.checksum_at, &sum, 4);
}

inline std::vector<Hdf5Structure> findStructures(const std::string& bytes) {
    static const std::vector<std::string> kinds = {"OHDR", "OCHK", "BTHD", "BTLF", "BTIN", "FRHP",
                                                   "FHIB", "FHDB", "EAHD", "EAIB", "EASB", "EADB"};
    std::vector<Hdf5Structure> found = {{"superblock", 0, 48, 44}};
    for (std::size_t at = 48; at + 16 <= bytes.size(); ++at) {
        const auto kind = std::find(kinds.begin(), kinds.end(), bytes.substr(at, 4));
        if (kind == kinds.end()) continue;
        const std::size_t most = std::min<std::size_t>(bytes.size() - at, 5000);
        for (std::size_t size = *kind == "FHDB" ? 512 : 16; size <= most; size += *kind == "FHDB" ? size : 1) {
            const Hdf5Structure what{*kind, at, size, *kind == "FHDB" ? at + 17 : at + size - 4};
            if (numberAt(bytes, what.checksum_at, 4) != checksumOf(bytes, what)) continue;
            found.push_back(what);
            break;
        }
    }
    return found;
}

// Changes a few fields of one structure: bits, edges of numbers, addresses (of other structures, beyond the file).
template <class Random>
void damageStructure(std::string& bytes, const Hdf5Structure& what, const std::vector<Hdf5Structure>& all,
                     Random& random) {
    const std::size_t begin = what.at + 4,
                      end = what.checksum_at > what.at + 17 ? what.checksum_at : what.at + what.bytes;
    const std::uint64_t size = bytes.size();
    const std::uint64_t edges[] = {0, 1, 8, 0xffffffff, 1ull << 32, 1ull << 63, ~0ull, ~7ull, size, size - 1, 48};
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < changes; ++i) {
        std::size_t at = begin + random() % (end - begin);
        std::uint64_t value = random();
        std::size_t width = std::size_t{1} << random() % 4;
        switch (random() % 5) {
            case 0:
                value = numberAt(bytes, at, 1) ^ (1u << random() % 8);
                width = 1;
                break;
            case 1:
                value = edges[random() % std::size(edges)];
                break;
            case 2:
                value = all[random() % all.size()].at;
                width = 8;
                break;
            case 3:  // where an address is already
                for (std::size_t p = begin; p + 8 <= end; ++p) {
                    const std::uint64_t here = numberAt(bytes, p, 8);
                    if ((here < 48 || here >= size) && here != ~0ull) continue;
                    at = p;
                    if (random() % 4 == 0) break;
                }
                value = random() % 2 ? ~0ull - random() % 4096 : size - random() % 600;
                width = 8;
                break;
            default:
                break;
        }
        std::memcpy(bytes.data() + at, &value, std::min(width, end - at));
    }
    seal(bytes, what);
}

}  // namespace fm::testing
