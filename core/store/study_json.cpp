#include "core/store/study_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"

namespace fm {

using Json = nlohmann::json;

static constexpr int version = 1;
static constexpr ArtifactKind kinds[] = {ArtifactKind::BranchSet, ArtifactKind::Plan, ArtifactKind::Hybrid,
                                         ArtifactKind::Export};

std::string studyToJson(const StudyInfo& info) {
    Json labels = Json::object();
    for (const auto& [id, label] : info.labels)
        labels[id] = {{"name", label.name}, {"notes", label.notes}, {"tags", label.tags}};
    Json artifacts = Json::object();
    for (const auto& [id, artifact] : info.artifacts)
        artifacts[id] = {{"kind", toString(artifact.kind)},
                         {"path", artifact.path},
                         {"made_by", artifact.made_by},
                         {"parents", artifact.parents}};
    Json json = {{"schema_version", version},
                 {"name", info.name},
                 {"notes", info.notes},
                 {"teacher", {{"path", info.teacher_path}, {"hash", info.teacher_hash}}},
                 {"text", info.text_path},
                 {"labels", std::move(labels)},
                 {"artifacts", std::move(artifacts)}};
    if (info.chat) json["chat"] = "chat";  // absent, older versions read the study too
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Looks at a text before it becomes values: nlohmann/json keeps the last of several equal keys without a word.
// (Its parser callback could do this too, but takes time that grows with the square of the members.)
class Inspector : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return enter(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        if (!keys_.back().insert(name).second) throw FormatError(name + ": is there twice");
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        throw FormatError("is not valid JSON at byte " + std::to_string(position) +
                          "; restore the file from a copy or mend it there");
    }

private:
    bool enter() {
        constexpr std::size_t deepest = 16;
        if (keys_.size() == deepest) throw FormatError("study: is nested too deeply");
        keys_.emplace_back();
        return true;
    }
    bool leave() {
        keys_.pop_back();
        return true;
    }
    std::vector<std::set<std::string>> keys_;
};

static Json parseStrictly(const std::string& text) {
    Inspector inspector;
    Json::sax_parse(text, &inspector);
    return Json::parse(text);
}

static const Json& member(const Json& object, const std::string& where, const char* key) {
    if (!object.is_object()) throw FormatError(where + ": is not an object");
    const auto found = object.find(key);
    if (found == object.end()) throw FormatError(where + "." + key + ": is missing");
    return *found;
}

static void onlyKeys(const Json& object, const std::string& where, std::initializer_list<const char*> known) {
    for (const auto& [key, value] : object.items())
        if (std::none_of(known.begin(), known.end(), [&](const char* word) { return key == word; }))
            throw FormatError(where + "." + key + ": is not a key that this program knows");
}

static std::string text(const Json& object, const std::string& where, const char* key) {
    const Json& value = member(object, where, key);
    if (!value.is_string()) throw FormatError(where + "." + key + ": is not a text");
    return value.get<std::string>();
}

static std::vector<std::string> texts(const Json& object, const std::string& where, const char* key) {
    const Json& list = member(object, where, key);
    if (!list.is_array()) throw FormatError(where + "." + key + ": is not a list");
    std::vector<std::string> values;
    for (const Json& value : list) {
        if (!value.is_string()) throw FormatError(where + "." + key + ": holds something that is not a text");
        values.push_back(value.get<std::string>());
    }
    return values;
}

static const Json& object(const Json& parent, const std::string& where, const char* key) {
    const Json& value = member(parent, where, key);
    if (!value.is_object()) throw FormatError(where + "." + key + ": is not an object");
    return value;
}

// Artifacts are opened and deleted by these paths, so none may lead out of the study.
static void requireInside(const std::string& path, const std::string& where) {
    bool inside = path.empty() || path.front() != '/';
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        inside &= path.substr(begin, end - begin) != "..";
        begin = end + 1;
    }
    if (!inside || path.find('\0') != std::string::npos) throw FormatError(where + ": leads out of the study");
}

static Artifact artifactFromJson(const Json& json, const std::string& where) {
    Artifact artifact;
    const std::string word = text(json, where, "kind");
    const auto kind =
        std::find_if(std::begin(kinds), std::end(kinds), [&](ArtifactKind k) { return word == toString(k); });
    if (kind == std::end(kinds)) throw FormatError(where + ".kind: \"" + word + "\" is not a kind of artifact");
    artifact.kind = *kind;
    artifact.path = text(json, where, "path");
    requireInside(artifact.path, where + ".path");
    artifact.made_by = text(json, where, "made_by");
    artifact.parents = texts(json, where, "parents");
    onlyKeys(json, where, {"kind", "path", "made_by", "parents"});
    return artifact;
}

static bool chatFromWord(const std::string& word) {
    if (word != "base" && word != "chat") throw FormatError("study.chat: \"" + word + "\" is not base or chat");
    return word == "chat";
}

StudyInfo studyFromJson(const std::string& content) {
    const Json json = parseStrictly(content);
    const std::string where = "study";
    const Json& given_version = member(json, where, "schema_version");
    if (!given_version.is_number_integer() || given_version != version)
        throw FormatError("study.schema_version: " + given_version.dump(-1, ' ', true, Json::error_handler_t::replace) +
                          " is not one that this program reads (1)");
    onlyKeys(json, where, {"schema_version", "name", "notes", "teacher", "text", "chat", "labels", "artifacts"});
    StudyInfo info;
    info.name = text(json, where, "name");
    info.notes = text(json, where, "notes");
    const Json& teacher = object(json, where, "teacher");
    info.teacher_path = text(teacher, "study.teacher", "path");
    info.teacher_hash = text(teacher, "study.teacher", "hash");
    onlyKeys(teacher, "study.teacher", {"path", "hash"});
    if (json.contains("text")) info.text_path = text(json, where, "text");
    if (json.contains("chat")) info.chat = chatFromWord(text(json, where, "chat"));
    for (const auto& [id, value] : object(json, where, "labels").items()) {
        const std::string label = "study.labels." + id;
        info.labels[id] = {text(value, label, "name"), text(value, label, "notes"), texts(value, label, "tags")};
        onlyKeys(value, label, {"name", "notes", "tags"});
    }
    for (const auto& [id, value] : object(json, where, "artifacts").items())
        info.artifacts[id] = artifactFromJson(value, "study.artifacts." + id);
    return info;
}

}  // namespace fm
