#include "widgets/plots/label_places.h"

#include <algorithm>

namespace fm {

LabelPlaces::LabelPlaces(const QRectF& area, const QList<QRectF>& obstacles, const QList<QLineF>& lines)
    : area_(area), taken_(obstacles), lines_(lines) {}

bool LabelPlaces::isFree(const QRectF& place) const {
    return area_.contains(place) && std::none_of(taken_.begin(), taken_.end(),
                                                 [&place](const QRectF& other) { return other.intersects(place); });
}

bool LabelPlaces::crossesLine(const QRectF& place) const {
    const QLineF sides[] = {QLineF(place.topLeft(), place.topRight()), QLineF(place.topRight(), place.bottomRight()),
                            QLineF(place.bottomRight(), place.bottomLeft()),
                            QLineF(place.bottomLeft(), place.topLeft())};
    return std::any_of(lines_.begin(), lines_.end(), [&](const QLineF& line) {
        return place.contains(line.p1()) || std::any_of(std::begin(sides), std::end(sides), [&](const QLineF& side) {
                   return side.intersects(line) == QLineF::BoundedIntersection;
               });
    });
}

std::optional<QRectF> LabelPlaces::take(const QPointF& point, const QSizeF& size, double distance) {
    const double w = size.width(), h = size.height(), d = distance;
    // Offsets of the label's top left corner: right below, right above, right, left ones, below, above.
    const QPointF near[] = {{d - 1, 2},           {d - 1, -h - 2},      {d + 1, -h / 2}, {-d - w + 1, 2},
                            {-d - w + 1, -h - 2}, {-d - w - 1, -h / 2}, {-w / 2, d},     {-w / 2, -d - h}};
    std::optional<QRectF> crossing;
    for (const double further : {1.0, 2.2}) {
        for (const QPointF& offset : near) {
            const QRectF place(point + offset + (further - 1) * QPointF(0, offset.y() < -h / 2 ? -h / 2 : h / 2), size);
            if (!isFree(place)) continue;
            if (crossesLine(place)) {
                if (!crossing) crossing = place;
                continue;
            }
            taken_ << place;
            return place;
        }
    }
    if (crossing) taken_ << *crossing;
    return crossing;
}

}  // namespace fm
