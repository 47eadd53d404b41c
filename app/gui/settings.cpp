#include "app/gui/settings.h"

#include <QDir>
#include <QStandardPaths>

#include "widgets/panels/kept_state.h"

namespace fm {
namespace {

constexpr int kMostRecent = 8;
using Member = std::int64_t ModelShape::*;
constexpr std::pair<const char*, Member> kShapeMembers[] = {{"num_layers", &ModelShape::num_layers},
                                                            {"hidden_size", &ModelShape::hidden_size},
                                                            {"intermediate_size", &ModelShape::intermediate_size},
                                                            {"num_heads", &ModelShape::num_heads},
                                                            {"num_kv_heads", &ModelShape::num_kv_heads},
                                                            {"head_dim", &ModelShape::head_dim},
                                                            {"vocab_size", &ModelShape::vocab_size},
                                                            {"max_position", &ModelShape::max_position}};

}  // namespace

QString Settings::defaultPath() {
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + "/flashmorph/workbench.ini";
}

ThemeKind Settings::theme() const {
    return ini_.value("window_theme").toString() == "light" ? ThemeKind::Light : ThemeKind::Dark;
}

void Settings::setTheme(ThemeKind kind) { ini_.setValue("window_theme", kind == ThemeKind::Light ? "light" : "dark"); }

void Settings::addRecentStudy(const QString& folder) {
    const QString path = QDir(folder).absolutePath();
    QStringList recent = recentStudies();
    recent.removeAll(path);
    recent.prepend(path);
    ini_.setValue("studies/recent", QStringList(recent.mid(0, kMostRecent)));
}

QByteArray Settings::layoutValue(const char* key) const {
    return ini_.value("window/version").toInt() == kLayoutVersion ? ini_.value(key).toByteArray() : QByteArray();
}

QByteArray Settings::geometry() const { return unsealState(layoutValue("window/geometry")); }
QByteArray Settings::layout() const { return unsealState(layoutValue("window/layout")); }

void Settings::saveLayout(const QByteArray& geometry, const QByteArray& layout, const QByteArray& runs_table) {
    ini_.setValue("window/version", kLayoutVersion);
    ini_.setValue("window/geometry", sealState(geometry));
    ini_.setValue("window/layout", sealState(layout));
    ini_.setValue("window/runs", runs_table);  // sealed by its panel
}

std::optional<ModelShape> Settings::shapeOf(const QString& teacher_hash) const {
    ModelShape shape;
    for (const auto& [name, member] : kShapeMembers) {
        const qlonglong value = ini_.value("teachers/" + teacher_hash + "/" + name).toLongLong();
        if (value <= 0) return std::nullopt;
        shape.*member = value;
    }
    shape.tie_embeddings = ini_.value("teachers/" + teacher_hash + "/tie_embeddings").toBool();
    return shape;
}

void Settings::rememberShape(const QString& teacher_hash, const ModelShape& shape) {
    for (const auto& [name, member] : kShapeMembers) {
        ini_.setValue("teachers/" + teacher_hash + "/" + name, qlonglong(shape.*member));
    }
    ini_.setValue("teachers/" + teacher_hash + "/tie_embeddings", shape.tie_embeddings);
}

}  // namespace fm
