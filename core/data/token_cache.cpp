#include "core/data/token_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/corpus_files.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

// Part of every key: goes up when the same tokenizer would encode otherwise, or the file's form changes.
constexpr const char* kRevision = "fm-tokens-1";
constexpr std::size_t kMostFiles = 8;

// The file: this, ids, starts, then the hash of all that in 32 digits.
struct Head {
    char magic[16] = {};
    std::uint64_t num_ids = 0, num_starts = 0;
};
constexpr std::size_t kHashDigits = 32;

bool isSound(const TokenisedText& text, std::int64_t vocab_size) {
    const bool ids =
        std::all_of(text.ids.begin(), text.ids.end(), [vocab_size](TokenId id) { return id >= 0 && id < vocab_size; });
    const auto& starts = text.starts;
    return ids && !starts.empty() && starts.front() == 0 && std::is_sorted(starts.begin(), starts.end()) &&
           starts.back() <= text.ids.size();
}

std::optional<std::string> contentOf(const std::string& path) {
    std::error_code failed;
    const std::uintmax_t bytes = fs::file_size(path, failed);
    if (failed || bytes < sizeof(Head) + kHashDigits || !fs::is_regular_file(path, failed)) return std::nullopt;
    std::string content(bytes, '\0');
    std::ifstream file(path, std::ios::binary);
    if (!file.read(content.data(), static_cast<std::streamsize>(bytes))) return std::nullopt;
    return content;
}

}  // namespace

std::string TokenCache::usualFolder() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache && *cache) return std::string(cache) + "/flashmorph/tokens";
    const char* home = std::getenv("HOME");
    return home && *home ? std::string(home) + "/.cache/flashmorph/tokens" : std::string();
}

std::string TokenCache::keyOf(const std::string& path, const Tokenizer& tokenizer) {
    Hasher hasher;
    const auto add = [&hasher](std::string_view text) {
        const std::uint64_t bytes = text.size();
        hasher.update(&bytes, sizeof bytes);
        hasher.update(text.data(), text.size());
    };
    add(kRevision);
    add(tokenizer.contentHash());
    forEachTextFile(path, [&add](const std::string& name, const std::string& content) {
        add(name);
        add(content);
    });
    return hasher.hex();
}

std::string TokenCache::fileOf(const std::string& key) const { return folder_ + "/" + key + ".tokens"; }

std::optional<TokenisedText> TokenCache::find(const std::string& key, std::int64_t vocab_size) const {
    if (folder_.empty()) return std::nullopt;
    const std::optional<std::string> content = contentOf(fileOf(key));
    if (!content) return std::nullopt;
    Head head;
    std::memcpy(&head, content->data(), sizeof head);
    const std::size_t room = content->size() - sizeof head - kHashDigits;
    if (std::strncmp(head.magic, kRevision, sizeof head.magic) != 0 || head.num_ids > room / sizeof(TokenId) ||
        head.num_starts > room / sizeof(std::uint64_t) ||
        head.num_ids * sizeof(TokenId) + head.num_starts * sizeof(std::uint64_t) != room) {
        return std::nullopt;
    }
    const std::string_view hashed = std::string_view(*content).substr(0, content->size() - kHashDigits);
    if (hashBytes(hashed) != content->substr(hashed.size())) return std::nullopt;
    TokenisedText text;
    text.ids.resize(head.num_ids);
    text.starts.resize(head.num_starts);
    const char* ids = content->data() + sizeof head;
    std::memcpy(text.ids.data(), ids, head.num_ids * sizeof(TokenId));
    static_assert(sizeof(std::size_t) == sizeof(std::uint64_t));
    std::memcpy(text.starts.data(), ids + head.num_ids * sizeof(TokenId), head.num_starts * sizeof(std::uint64_t));
    return isSound(text, vocab_size) ? std::optional(std::move(text)) : std::nullopt;
}

void TokenCache::keep(const std::string& key, const TokenisedText& text) const {
    if (folder_.empty()) return;
    Head head{{}, text.ids.size(), text.starts.size()};
    std::strncpy(head.magic, kRevision, sizeof head.magic - 1);
    std::string content(sizeof head + head.num_ids * sizeof(TokenId) + head.num_starts * sizeof(std::uint64_t), '\0');
    char* ids = content.data() + sizeof head;
    std::memcpy(content.data(), &head, sizeof head);
    std::memcpy(ids, text.ids.data(), head.num_ids * sizeof(TokenId));
    std::memcpy(ids + head.num_ids * sizeof(TokenId), text.starts.data(), head.num_starts * sizeof(std::uint64_t));
    content += hashBytes(content);
    std::error_code failed;
    fs::create_directories(folder_, failed);
    try {
        writeFileAtomically(fileOf(key), content);
        dropOldest();
    } catch (const WorldError&) {
        // A full or read-only disk: the text is tokenised again next time.
    }
}

void TokenCache::dropOldest() const {
    std::error_code failed;
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end; entry.increment(failed)) {
        std::error_code gone;
        const fs::file_time_type time = fs::last_write_time(entry->path(), gone);
        if (!gone && entry->path().extension() == ".tokens") files.emplace_back(time, entry->path());
    }
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + kMostFiles < files.size(); ++i) fs::remove(files[i].second, failed);
}

}  // namespace fm
