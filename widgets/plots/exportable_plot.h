// A figure that can leave the window: as a picture in any format and as the numbers it shows.
#pragma once

#include <QSize>
#include <QString>

class QPaintDevice;
class QTextStream;

namespace fm {

class ExportablePlot {
public:
    virtual ~ExportablePlot() = default;
    virtual QString plotName() const = 0;  // a file name without ending: "gates-heat-map"
    virtual QSize pictureSize() const = 0;
    // Title, subtitle, legend and figure, in the theme's colours, without crosshair and focus ring.
    virtual void drawPicture(QPaintDevice& device, const QSize& size) = 0;
    // The given numbers, never smoothed or thinned; the first line names the columns.
    virtual void writeCsv(QTextStream& out) const = 0;
};

}  // namespace fm
