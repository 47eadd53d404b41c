// Finds free places for labels beside points, one after the other.
#pragma once

#include <QLineF>
#include <QList>
#include <QRectF>

#include <optional>

namespace fm {

class LabelPlaces {
public:
    // Labels stay inside `area` and off the `obstacles`; they cross `lines` only where nothing else is free.
    LabelPlaces(const QRectF& area, const QList<QRectF>& obstacles, const QList<QLineF>& lines);

    // A place for a label of `size` at `distance` from `point`, which is taken from then on; nothing when all are.
    std::optional<QRectF> take(const QPointF& point, const QSizeF& size, double distance);

private:
    bool isFree(const QRectF& place) const;
    bool crossesLine(const QRectF& place) const;

    QRectF area_;
    QList<QRectF> taken_;
    QList<QLineF> lines_;
};

}  // namespace fm
