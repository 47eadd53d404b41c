// What the window remembers: layout, theme, engine, recent studies. One ini file in the user's config folder.
#pragma once

#include <QByteArray>
#include <QSettings>
#include <QString>
#include <QStringList>

#include <optional>

#include "core/plan/model_shape.h"
#include "widgets/theme/theme.h"

namespace fm {

// Thread: the window's.
class Settings {
public:
    static constexpr int kLayoutVersion = 1;  // another arrangement of docks: older layouts are forgotten

    explicit Settings(const QString& ini_path) : ini_(ini_path, QSettings::IniFormat) {}
    static QString defaultPath();

    ThemeKind theme() const;
    void setTheme(ThemeKind kind);

    double textScale() const { return ini_.value("text_scale", 1.0).toDouble(); }
    void setTextScale(double scale) { ini_.setValue("text_scale", scale); }

    // A command line such as "ssh HOST flashmorph serve"; empty: the flashmorph beside this program.
    QString engineCommand() const { return ini_.value("engine/command").toString(); }
    void setEngineCommand(const QString& command) { ini_.setValue("engine/command", command); }

    QStringList recentStudies() const { return ini_.value("studies/recent").toStringList(); }
    void addRecentStudy(const QString& folder);

    QByteArray geometry() const;
    QByteArray layout() const;
    QByteArray runsTable() const { return layoutValue("window/runs"); }
    void saveLayout(const QByteArray& geometry, const QByteArray& layout, const QByteArray& runs_table);
    void forgetLayout() { ini_.remove("window"); }

    // Sizes of teachers met before, by content hash: cost can be shown before the engine has opened the study.
    std::optional<ModelShape> shapeOf(const QString& teacher_hash) const;
    void rememberShape(const QString& teacher_hash, const ModelShape& shape);

    std::int64_t contextTokens() const { return ini_.value("cost/context_tokens", 32768).toLongLong(); }
    void setContextTokens(std::int64_t tokens) { ini_.setValue("cost/context_tokens", qlonglong(tokens)); }
    void sync() { ini_.sync(); }

private:
    QByteArray layoutValue(const char* key) const;

    QSettings ini_;
};

}  // namespace fm
