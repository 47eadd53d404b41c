// Draws the plan strip.
#pragma once

#include <QPainter>
#include <optional>
#include <set>
#include <vector>

#include "widgets/panels/plan_strip.h"

namespace fm {

class PlanState;
struct Theme;

class StripPainter {
public:
    struct Content {
        const PlanState& plan;
        const std::vector<StripDetail>& details;
        const CutConfidence& confidence;
        const std::set<int>& selected;
        int current = -1;  // with the keyboard focus
        int hovered = -1;
    };
    StripPainter(const Theme& theme, const StripLayout& layout, const Content& content)
        : theme_(theme), layout_(layout), content_(content) {}
    void paint(QPainter& painter) const;

private:
    void paintBar(QPainter& painter, int layer) const;
    void paintValue(QPainter& painter, int layer) const;
    void paintFoot(QPainter& painter, int layer) const;
    void paintOutline(QPainter& painter, int layer) const;
    void paintCut(QPainter& painter) const;
    std::optional<double> tickOf(int layer) const;
    bool isLookedAt(int layer) const;

    const Theme& theme_;
    const StripLayout& layout_;
    const Content& content_;
};

}  // namespace fm
