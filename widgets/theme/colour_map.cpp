#include "widgets/theme/colour_map.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fm {

namespace {

// Nine stops of viridis, evenly spaced.
constexpr std::array<QRgb, 9> kSequentialStops = {0xff440154, 0xff472d7b, 0xff3b528b, 0xff2c728e, 0xff21918c,
                                                  0xff28ae80, 0xff5ec962, 0xffaddc30, 0xfffde725};
constexpr int kTableSize = 512;

std::array<QRgb, kTableSize> makeTable() {
    std::array<QRgb, kTableSize> table{};
    for (int i = 0; i < kTableSize; ++i) {
        const double at = static_cast<double>(i) / (kTableSize - 1) * (kSequentialStops.size() - 1);
        const std::size_t stop = std::min<std::size_t>(static_cast<std::size_t>(at), kSequentialStops.size() - 2);
        table[i] = blended(QColor(kSequentialStops[stop]), QColor(kSequentialStops[stop + 1]), at - stop).rgb();
    }
    return table;
}

}  // namespace

QRgb sequentialColour(double share) {
    static const std::array<QRgb, kTableSize> table = makeTable();
    if (std::isnan(share)) return 0;
    return table[static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * (kTableSize - 1)))];
}

QRgb divergingColour(double share, const Theme& theme) {
    if (std::isnan(share)) return 0;
    const double strength = std::pow(std::min(std::abs(share), 1.0), 0.8);  // small effects stay visible
    const bool dark = theme.kind == ThemeKind::Dark;
    const QColor end = share < 0 ? QColor(dark ? 0x5fb4ff : 0x1460a8) : QColor(dark ? 0xff9a4d : 0xc2500a);
    const QColor middle = blended(theme.panel, theme.text_faint, 0.06);
    return blended(middle, end, strength).rgb();
}

}  // namespace fm
