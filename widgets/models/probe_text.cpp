#include "widgets/models/probe_text.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "widgets/models/number_text.h"

namespace fm {

static QString say(const char* text) { return QCoreApplication::translate("ProbeText", text); }

QString probeName(const Measurements& measured, const std::string& identity) {
    const std::vector<std::string> probes = measured.probes();
    const auto at = std::find(probes.begin(), probes.end(), identity) - probes.begin();
    if (at >= static_cast<std::ptrdiff_t>(probes.size())) return say("no probe");
    constexpr int kLetters = 26;
    return at < kLetters ? say("probe %1").arg(QChar(u'A' + static_cast<char16_t>(at)))
                         : say("probe %1").arg(static_cast<int>(at) + 1);
}

QString probeContents(const Measurements& measured, const std::string& identity) {
    const auto found = measured.designs.find(identity);
    if (found == measured.designs.end()) return {};
    const ProbeDesign& design = found->second;
    QStringList parts;
    if (!design.tasks.empty())
        parts << (design.tasks.size() == 1 ? say("1 task") : say("%1 tasks").arg(design.tasks.size()));
    QStringList lengths;
    for (const int tokens : design.lengths) lengths << tokensText(tokens);
    if (!lengths.isEmpty()) parts << say("%1 tokens").arg(lengths.join(QStringLiteral(" and ")));
    if (design.seed >= 0) parts << say("seed %1").arg(design.seed);
    parts << say("%1 sequences").arg(design.planned_sequences);
    return parts.join(QStringLiteral(", "));
}

QString probeText(const Measurements& measured, const std::string& identity) {
    const QString contents = probeContents(measured, identity);
    return probeName(measured, identity) + (contents.isEmpty() ? QString() : QStringLiteral(": ") + contents);
}

}  // namespace fm
