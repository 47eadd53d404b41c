#include "widgets/plots/plot_export.h"

#include <QClipboard>
#include <QDir>
#include <QFileInfo>
#include <QGuiApplication>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSet>
#include <QSvgGenerator>
#include <QTextStream>
#include <QWidget>

#include "core/base/error.h"
#include "widgets/plots/plot_frame.h"

namespace fm {

namespace {

constexpr double kDotsPerInch = 96.0;

[[noreturn]] void fail(const QString& path, const QString& cause) {
    throw WorldError(path.toStdString() + ": " + cause.toStdString() + "; choose another folder or free some space");
}

void commit(QSaveFile& file) {
    if (!file.commit()) fail(file.fileName(), file.errorString());
}

void open(QSaveFile& file) {
    if (!file.open(QIODevice::WriteOnly)) fail(file.fileName(), file.errorString());
}

void saveSvg(ExportablePlot& plot, const QString& path) {
    QSaveFile file(path);
    open(file);
    const QSize size = plot.pictureSize();
    QSvgGenerator generator;
    generator.setOutputDevice(&file);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setResolution(static_cast<int>(kDotsPerInch));
    generator.setTitle(plot.plotName());
    plot.drawPicture(generator, size);
    commit(file);
}

void savePdf(ExportablePlot& plot, const QString& path) {
    QSaveFile file(path);
    open(file);
    {
        const QSize size = plot.pictureSize();
        QPdfWriter writer(&file);
        writer.setResolution(static_cast<int>(kDotsPerInch));
        writer.setPageSize(QPageSize(QSizeF(size) / kDotsPerInch, QPageSize::Inch));
        writer.setPageMargins(QMarginsF(0, 0, 0, 0));
        writer.setTitle(plot.plotName());
        plot.drawPicture(writer, size);
    }
    commit(file);
}

void savePng(ExportablePlot& plot, const QString& path) {
    QSaveFile file(path);
    open(file);
    if (!pictureOf(plot).save(&file, "PNG")) fail(path, QStringLiteral("the picture could not be written"));
    commit(file);
}

}  // namespace

QImage pictureOf(ExportablePlot& plot, double scale) {
    const QSize size = plot.pictureSize();
    QImage image(size * scale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(scale);
    image.fill(Qt::transparent);
    plot.drawPicture(image, size);
    return image;
}

void copyPicture(ExportablePlot& plot) { QGuiApplication::clipboard()->setImage(pictureOf(plot)); }

void savePicture(ExportablePlot& plot, const QString& path) {
    const QString ending = QFileInfo(path).suffix().toLower();
    if (ending == QLatin1String("png")) return savePng(plot, path);
    if (ending == QLatin1String("svg")) return saveSvg(plot, path);
    if (ending == QLatin1String("pdf")) return savePdf(plot, path);
    throw WorldError(path.toStdString() + ": pictures are written as .png, .svg or .pdf; give one of these endings");
}

void saveCsv(const ExportablePlot& plot, const QString& path) {
    QSaveFile file(path);
    open(file);
    QTextStream out(&file);
    plot.writeCsv(out);
    out.flush();
    commit(file);
}

QStringList exportAll(const QWidget& root, const QString& folder, const QStringList& endings) {
    if (!QDir().mkpath(folder)) fail(folder, QStringLiteral("the folder could not be made"));
    QStringList written;
    QSet<QString> used;
    for (PlotFrame* plot : root.findChildren<PlotFrame*>()) {
        QString name = plot->plotName();
        for (int n = 2; used.contains(name); ++n) name = plot->plotName() + QStringLiteral("-%1").arg(n);
        used.insert(name);
        const QString base = QDir(folder).filePath(name);
        for (const QString& ending : endings) {
            savePicture(*plot, base + '.' + ending);
            written << base + '.' + ending;
        }
        saveCsv(*plot, base + QStringLiteral(".csv"));
        written << base + QStringLiteral(".csv");
    }
    return written;
}

}  // namespace fm
