#include "widgets/models/number_text.h"

#include <cmath>

#include "core/run/byte_text.h"

namespace fm {

static QString withInterval(const QString& value, double half_width, QString (*text)(double)) {
    return half_width > 0 ? value + QStringLiteral(" ± ") + text(half_width) : value;
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

QString measuredShareText(double value, double half_width) {
    return withInterval(shareText(value), half_width, shareText);
}

QString shareWithinText(double value, std::optional<double> low, std::optional<double> high) {
    if (!low || !high) return shareText(value);
    return QStringLiteral("%1 (95 %: %2 to %3)").arg(shareText(value), shareText(*low), shareText(*high));
}

QString measuredNumberText(double value, double half_width) {
    return withInterval(numberText(value), half_width, numberText);
}

QString bytesText(double bytes) { return QString::fromStdString(byteText(bytes)); }

QString tokensText(std::int64_t tokens) {
    if (tokens >= 1024 && tokens % 1024 == 0) return QString::number(tokens / 1024) + QChar('K');
    return QString::number(tokens);
}

}  // namespace fm
