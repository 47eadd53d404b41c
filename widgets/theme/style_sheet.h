// One style sheet for the whole window: flat, one-pixel borders, small radii, colours from the theme.
// Widgets ask for a variant with the dynamic property "role":
//   QFrame "panel", "tile", "tile-measured", "tile-predicted"; QPushButton and QToolButton "primary", "flat";
//   QLabel "title", "faint", "number", "error"; QSlider "budget".
#pragma once

#include <QString>

#include "widgets/theme/theme.h"

namespace fm {

QString styleSheet(const Theme& theme);

}  // namespace fm
