// Finds free places for labels beside points, one after the other.
#pragma once

#include <QLineF>
#include <QList>
#include <QRectF>

#include <optional>

namespace fm {

struct LabelPlace {
    QRectF rect;
    std::optional<QLineF> leader;  // from the point to a label that stands apart
};

class LabelPlaces {
public:
    // Labels stay inside `area`, off the `obstacles`, and nearer to their own point than to any other of `points`, so
    // that nobody reads one for its neighbour's; they cross `lines` only where nothing else is free.
    LabelPlaces(const QRectF& area, const QList<QPointF>& points, const QList<QRectF>& obstacles,
                const QList<QLineF>& lines);

    // A place for a label of `size` at `distance` from `point`, or further away with a leader; it is taken from then
    // on. Nothing when all places are.
    std::optional<LabelPlace> take(const QPointF& point, const QSizeF& size, double distance);

private:
    std::optional<LabelPlace> beside(const QPointF& point, const QSizeF& size, double distance, bool may_cross) const;
    std::optional<LabelPlace> apart(const QPointF& point, const QSizeF& size, double distance) const;
    bool isFree(const QRectF& place) const;
    bool belongsTo(const QPointF& point, const QRectF& place) const;
    bool crossesLine(const QRectF& place) const;
    bool leaderIsClear(const QLineF& leader) const;

    QRectF area_;
    QList<QPointF> points_;
    QList<QRectF> taken_;
    QList<QRectF> labels_;  // those of `taken_` that are labels
    QList<QLineF> lines_;
    QList<QLineF> leaders_;
};

}  // namespace fm
