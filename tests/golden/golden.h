// Pictures of widgets against committed ones.
#pragma once

#include <QImage>
#include <QString>

namespace fm {

// Empty when `actual` equals tests/golden/<name>.png within the tolerance; otherwise a sentence. On failure the actual
// picture and the difference are written to the build folder, beside the test program.
// FM_UPDATE_GOLDENS=1 in the environment writes the committed picture instead; look at it before committing it.
QString compareWithGolden(const QImage& actual, const QString& name);

}  // namespace fm
