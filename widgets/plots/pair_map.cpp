#include "widgets/plots/pair_map.h"

#include "widgets/plots/chart_parts.h"

namespace fm {

PairMap::PairMap(const ThemeSource& theme_source, QWidget* parent)
    : LayerMatrixMap(theme_source, QStringLiteral("pair-map"),
                     {.value = tr("extra loss of both"),
                      .unit = tr("nat"),
                      .negative = tr("complementary"),
                      .positive = tr("redundant"),
                      .csv_value = QStringLiteral("extra [nat]")},
                     parent) {
    setTitle(tr("Interdependence"));
    setSubject(tr("extra loss of linearising both"));
    setEmptyText(tr("No pairs measured yet. Start Interact to fill this map one pair at a time."));
    setAccessibleSummary(tr("Map of every pair of layers: what linearising both costs beyond the sum of each alone"));
}

void PairMap::setSingles(const std::vector<double>& singles) { singles_ = singles; }

QList<ReadOutLine> PairMap::moreLines(int first, int second) const {
    QList<ReadOutLine> lines;
    for (const int layer : {first, second}) {
        if (static_cast<std::size_t>(layer) >= singles_.size()) continue;
        lines << ReadOutLine{QColor(), tr("loss of layer %1 alone").arg(layer),
                             formatNumber(singles_[static_cast<std::size_t>(layer)]) + tr(" nat")};
        if (first == second) break;
    }
    return lines;
}

}  // namespace fm
