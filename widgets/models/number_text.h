// Numbers as the window writes them: few digits, the interval beside what was measured, one way for all tables.
#pragma once

#include <QString>
#include <cstdint>

#include "core/plan/intervals.h"

namespace fm {

QString numberText(double value);  // three significant digits: "0.061", "12.3", "1.2e-05", "nan"
QString shareText(double value);   // two decimals: "0.93"
// "0.87 (0.79–0.92)": as many digits as the interval is worth, and enough to tell its ends from the value. What nobody
// measured is "–".
QString shareText(const Estimate& share);
QString numberText(const Estimate& number);
QString bytesText(double bytes);          // "6.1 KiB", "3.2 MiB"
QString tokensText(std::int64_t tokens);  // "512", "2K", "32K"

}  // namespace fm
