#include "tests/golden/golden.h"

#include <QCoreApplication>
#include <QDir>

#include <algorithm>
#include <cmath>

namespace fm {

namespace {

// Two machines with the same FreeType draw the same pixels; another version shifts the edges of glyphs a little. A
// wrong colour, a moved label or a missing curve touches far more than this.
constexpr int kSameChannel = 40;        // of 255, difference of one colour channel that still counts as equal
constexpr double kDifferShare = 0.004;  // of all pixels may differ by more

int distance(QRgb a, QRgb b) {
    return std::max({std::abs(qRed(a) - qRed(b)), std::abs(qGreen(a) - qGreen(b)), std::abs(qBlue(a) - qBlue(b))});
}

QString keep(const QImage& image, const QString& name) {
    const QDir folder(QCoreApplication::applicationDirPath() + QStringLiteral("/golden-failures"));
    folder.mkpath(QStringLiteral("."));
    const QString path = folder.filePath(name + QStringLiteral(".png"));
    image.save(path);
    return path;
}

}  // namespace

QString compareWithGolden(const QImage& given, const QString& name) {
    const QString path = QStringLiteral(FM_SOURCE_DIR "/tests/golden/%1.png").arg(name);
    const QImage actual = given.convertToFormat(QImage::Format_RGB32);
    if (qEnvironmentVariableIntValue("FM_UPDATE_GOLDENS") == 1) {
        // Quality 0 is the smallest file; PNG loses nothing.
        return actual.save(path, "PNG", 0) ? QString() : path + QStringLiteral(": could not be written");
    }
    const QImage golden = QImage(path).convertToFormat(QImage::Format_RGB32);
    if (golden.isNull()) {
        return path + QStringLiteral(": missing; the picture is at ") + keep(actual, name + "-actual");
    }
    if (golden.size() != actual.size()) {
        return QStringLiteral("%1: size %2 x %3 instead of %4 x %5; see %6")
            .arg(name)
            .arg(actual.width())
            .arg(actual.height())
            .arg(golden.width())
            .arg(golden.height())
            .arg(keep(actual, name + "-actual"));
    }
    QImage difference(actual.size(), QImage::Format_RGB32);
    qint64 num_different = 0;
    for (int y = 0; y < actual.height(); ++y) {
        for (int x = 0; x < actual.width(); ++x) {
            const int d = distance(actual.pixel(x, y), golden.pixel(x, y));
            num_different += d > kSameChannel;
            difference.setPixel(x, y, d > kSameChannel ? qRgb(255, 60, 60) : qRgb(d, d, d));
        }
    }
    const double share = static_cast<double>(num_different) / (static_cast<double>(actual.width()) * actual.height());
    if (share <= kDifferShare) return QString();
    keep(actual, name + QStringLiteral("-actual"));
    return QStringLiteral("%1: %2 % of the pixels differ; see %3")
        .arg(name)
        .arg(100 * share, 0, 'f', 2)
        .arg(keep(difference, name + QStringLiteral("-difference")));
}

}  // namespace fm
