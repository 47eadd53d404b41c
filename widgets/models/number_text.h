// Numbers as the window writes them: few digits, an interval beside what was measured, one way for all tables.
#pragma once

#include <QString>
#include <cstdint>
#include <optional>

namespace fm {

QString numberText(double value);  // three significant digits: "0.061", "12.3", "1.2e-05", "nan"
QString shareText(double value);   // two decimals: "0.93"
// "0.93 ± 0.02"; without an interval (0) only the value.
QString measuredShareText(double value, double half_width);
// "0.93 (95 %: 0.88 to 0.96)"; where an end is unknown only the value.
QString shareWithinText(double value, std::optional<double> low, std::optional<double> high);
QString measuredNumberText(double value, double half_width);
QString bytesText(double bytes);          // "6.1 KiB", "3.2 MiB"
QString tokensText(std::int64_t tokens);  // "512", "2K", "32K"

}  // namespace fm
