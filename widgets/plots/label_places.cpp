#include "widgets/plots/label_places.h"

#include <algorithm>
#include <cmath>

namespace fm {

namespace {

double gap(const QPointF& point, const QRectF& rect) {
    const double x = std::max({0.0, rect.left() - point.x(), point.x() - rect.right()});
    const double y = std::max({0.0, rect.top() - point.y(), point.y() - rect.bottom()});
    return std::hypot(x, y);
}

}  // namespace

LabelPlaces::LabelPlaces(const QRectF& area, const QList<QPointF>& points, const QList<QRectF>& obstacles,
                         const QList<QLineF>& lines)
    : area_(area), points_(points), taken_(obstacles), lines_(lines) {}

bool LabelPlaces::belongsTo(const QPointF& point, const QRectF& place) const {
    const double own = gap(point, place);
    return std::none_of(points_.begin(), points_.end(),
                        [&](const QPointF& other) { return other != point && gap(other, place) < own + 1; });
}

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

std::optional<QRectF> LabelPlaces::find(const QPointF& point, const QSizeF& size, double distance, bool own) const {
    const double w = size.width(), h = size.height(), d = distance;
    // Offsets of the label's top left corner: right below, right above, right, the same to the left, below, above.
    const QPointF near[] = {{d - 1, 2},           {d - 1, -h - 2},      {d + 1, -h / 2}, {-d - w + 1, 2},
                            {-d - w + 1, -h - 2}, {-d - w - 1, -h / 2}, {-w / 2, d},     {-w / 2, -d - h}};
    std::optional<QRectF> crossing;
    for (const double further : {1.0, 2.2}) {
        for (const QPointF& offset : near) {
            const QPointF away(0, (further - 1) * (offset.y() < -h / 2 ? -h / 2 : h / 2));
            const QRectF place(point + offset + away, size);
            if (!isFree(place) || (own && !belongsTo(point, place))) continue;
            if (!crossesLine(place)) return place;
            if (!crossing) crossing = place;
        }
    }
    return crossing;
}

std::optional<QRectF> LabelPlaces::take(const QPointF& point, const QSizeF& size, double distance, bool in_any_case) {
    std::optional<QRectF> place = find(point, size, distance, true);
    if (!place && in_any_case) place = find(point, size, distance, false);
    if (place) taken_ << *place;
    return place;
}

}  // namespace fm
