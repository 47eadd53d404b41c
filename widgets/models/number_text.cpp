#include "widgets/models/number_text.h"

#include <algorithm>
#include <cmath>

#include "core/base/byte_text.h"

namespace fm {

static QString estimateText(const Estimate& e, int digits, int most_digits) {
    if (!e.known()) return QStringLiteral("–");
    const auto text = [](double value, int with) { return QString::number(value, 'f', with); };
    const auto merges = [&](double end) { return end != e.value && text(end, digits) == text(e.value, digits); };
    while (digits < most_digits && (merges(e.low) || merges(e.high))) ++digits;
    return QStringLiteral("%1 (%2–%3)").arg(text(e.value, digits), text(e.low, digits), text(e.high, digits));
}

QString numberText(double value) {
    if (std::isnan(value)) return QStringLiteral("nan");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("inf") : QStringLiteral("-inf");
    const double size = std::abs(value);
    if (value != 0 && (size < 1e-4 || size >= 1e6)) return QString::number(value, 'e', 1);
    if (size >= 100) return QString::number(value, 'f', 0);
    if (size >= 10) return QString::number(value, 'f', 1);
    return QString::number(value, 'f', size >= 1 ? 2 : size >= 0.001 || value == 0 ? 3 : 5);
}

QString shareText(double value) { return std::isfinite(value) ? QString::number(value, 'f', 2) : numberText(value); }

QString shareText(const Estimate& share) { return estimateText(share, 2, 4); }

// The last digit is worth a third of the interval's width at most: more digits would only be noise, and cut columns.
QString numberText(const Estimate& number) {
    constexpr int kMostDigits = 7;
    const double width = number.high - number.low;
    const int digits = width > 0           ? std::max(1, static_cast<int>(std::ceil(-std::log10(width / 3))))
                       : number.value == 0 ? 0
                                           : 3;
    return estimateText(number, std::clamp(digits, 0, kMostDigits), kMostDigits);
}

QString bytesText(double bytes) { return QString::fromStdString(byteText(bytes)); }

QString tokensText(std::int64_t tokens) {
    if (tokens >= 1024 && tokens % 1024 == 0) return QString::number(tokens / 1024) + QChar('K');
    return QString::number(tokens);
}

}  // namespace fm
