// Writes figures to files and to the clipboard. Throws WorldError with the path and what to do.
#pragma once

#include <QImage>
#include <QString>
#include <QStringList>

#include "widgets/plots/exportable_plot.h"

class QWidget;

namespace fm {

// `scale` dots per logical pixel.
QImage pictureOf(ExportablePlot& plot, double scale = 2.0);

void copyPicture(ExportablePlot& plot);
// The ending decides: .png, .svg or .pdf; anything else is refused.
void savePicture(ExportablePlot& plot, const QString& path);
void saveCsv(const ExportablePlot& plot, const QString& path);

// Every figure below `root`, shown or not, as <folder>/<name>.<ending> plus <name>.csv; gives the paths written.
// Names that occur twice are numbered.
QStringList exportAll(const QWidget& root, const QString& folder, const QStringList& endings = {"png", "svg"});

}  // namespace fm
