// Numbers to colours: one map for amounts, one for signed effects. Both are ordered in brightness, so that they survive
// a grey print and every kind of colour blindness.
#pragma once

#include <QColor>

#include "widgets/theme/theme.h"

namespace fm {

// 0 dark violet ... 1 yellow; values outside [0, 1] are clamped. NaN gives a transparent colour.
QRgb sequentialColour(double share);

// -1 blue, 0 the panel's colour, +1 orange; clamped. NaN gives a transparent colour.
QRgb divergingColour(double share, const Theme& theme);

}  // namespace fm
