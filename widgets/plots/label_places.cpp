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

bool meets(const QLineF& line, const QRectF& rect) {
    const QLineF sides[] = {QLineF(rect.topLeft(), rect.topRight()), QLineF(rect.topRight(), rect.bottomRight()),
                            QLineF(rect.bottomRight(), rect.bottomLeft()), QLineF(rect.bottomLeft(), rect.topLeft())};
    return rect.contains(line.p1()) || std::any_of(std::begin(sides), std::end(sides), [&](const QLineF& side) {
               return side.intersects(line) == QLineF::BoundedIntersection;
           });
}

}  // namespace

LabelPlaces::LabelPlaces(const QRectF& area, const QList<QPointF>& points, const QList<QRectF>& obstacles,
                         const QList<QLineF>& lines)
    : area_(area), points_(points), taken_(obstacles), lines_(lines) {}

bool LabelPlaces::belongsTo(const QPointF& point, const QRectF& place) const {
    const double own = gap(point, place);
    return std::none_of(points_.begin(), points_.end(),
                        [&](const QPointF& other) { return other != point && gap(other, place) < own + 2; });
}

bool LabelPlaces::isFree(const QRectF& place) const {
    return area_.contains(place) && std::none_of(taken_.begin(), taken_.end(),
                                                 [&place](const QRectF& other) { return other.intersects(place); });
}

bool LabelPlaces::crossesLine(const QRectF& place) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const QLineF& line) { return meets(line, place); });
}

bool LabelPlaces::leaderIsClear(const QLineF& leader) const {
    return std::none_of(labels_.begin(), labels_.end(), [&](const QRectF& label) { return meets(leader, label); }) &&
           std::none_of(leaders_.begin(), leaders_.end(),
                        [&](const QLineF& other) { return leader.intersects(other) == QLineF::BoundedIntersection; });
}

std::optional<LabelPlace> LabelPlaces::beside(const QPointF& point, const QSizeF& size, double distance,
                                              bool may_cross) const {
    const double w = size.width(), h = size.height(), d = distance;
    // Offsets of the label's top left corner: right below, right above, right, the same to the left, below, above.
    const QPointF near[] = {{d - 1, 2},           {d - 1, -h - 2},      {d + 1, -h / 2}, {-d - w + 1, 2},
                            {-d - w + 1, -h - 2}, {-d - w - 1, -h / 2}, {-w / 2, d},     {-w / 2, -d - h}};
    for (const QPointF& offset : near) {
        const QRectF place(point + offset, size);
        if (isFree(place) && belongsTo(point, place) && (may_cross || !crossesLine(place))) {
            return LabelPlace{place, std::nullopt};
        }
    }
    return std::nullopt;
}

std::optional<LabelPlace> LabelPlaces::apart(const QPointF& point, const QSizeF& size, double distance) const {
    const double w = size.width(), h = size.height();
    for (const double further : {18.0, 40.0}) {
        for (const double rows : {0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0}) {
            for (const bool right : {true, false}) {
                const double x = right ? distance + further : -distance - further - w;
                const QRectF place(point + QPointF(x, rows * h - h / 2), size);
                const QPointF end(right ? place.left() - 2 : place.right() + 2, place.center().y());
                const QLineF whole(point, end);
                const QLineF leader(whole.pointAt(distance / whole.length()), end);
                if (isFree(place) && !crossesLine(place) && leaderIsClear(leader)) return LabelPlace{place, leader};
            }
        }
    }
    return std::nullopt;
}

std::optional<LabelPlace> LabelPlaces::take(const QPointF& point, const QSizeF& size, double distance) {
    std::optional<LabelPlace> place = beside(point, size, distance, false);
    if (!place) place = apart(point, size, distance);
    if (!place) place = beside(point, size, distance, true);
    if (!place) return std::nullopt;
    taken_ << place->rect;
    labels_ << place->rect;
    if (place->leader) leaders_ << *place->leader;
    return place;
}

}  // namespace fm
