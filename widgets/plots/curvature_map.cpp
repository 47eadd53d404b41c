#include "widgets/plots/curvature_map.h"

namespace fm {

CurvatureMap::CurvatureMap(const ThemeSource& theme_source, QWidget* parent)
    : LayerMatrixMap(theme_source, QStringLiteral("curvature-map"),
                     {.value = tr("∂²KL / ∂α∂α"),
                      .unit = tr("nat"),
                      .negative = tr("complementary"),
                      .positive = tr("redundant"),
                      .csv_value = QStringLiteral("curvature [nat]")},
                     parent) {
    setTitle(tr("Curvature"));
    setPlanText(QString());
    setEmptyText(tr("No curvature measured yet. Start Interact with curvature on."));
    setAccessibleSummary(tr("Map of the second derivatives of the answer loss in the gates of every pair of layers"));
}

void CurvatureMap::setPlanText(const QString& text) {
    setSubject(text.isEmpty() ? tr("of the loss in the gates") : tr("of the loss in the gates, %1").arg(text));
}

}  // namespace fm
