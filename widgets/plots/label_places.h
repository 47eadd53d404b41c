// Finds free places for labels beside points, one after the other.
#pragma once

#include <QLineF>
#include <QList>
#include <QRectF>

#include <optional>

namespace fm {

class LabelPlaces {
public:
    // Labels stay inside `area`, off the `obstacles`, and nearer to their own point than to any other of `points`, so
    // that nobody reads one for its neighbour's; they cross `lines` only where nothing else is free.
    LabelPlaces(const QRectF& area, const QList<QPointF>& points, const QList<QRectF>& obstacles,
                const QList<QLineF>& lines);

    // A place for a label of `size` at `distance` from `point`, which is taken from then on; nothing when all are. One
    // that is wanted in any case may stand nearer to another point.
    std::optional<QRectF> take(const QPointF& point, const QSizeF& size, double distance, bool in_any_case = false);

private:
    bool isFree(const QRectF& place) const;
    bool belongsTo(const QPointF& point, const QRectF& place) const;
    std::optional<QRectF> find(const QPointF& point, const QSizeF& size, double distance, bool own) const;
    bool crossesLine(const QRectF& place) const;

    QRectF area_;
    QList<QPointF> points_;
    QList<QRectF> taken_;
    QList<QLineF> lines_;
};

}  // namespace fm
