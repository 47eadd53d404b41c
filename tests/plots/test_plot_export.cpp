// Figures as files: CSV equals the given data; pictures in every format; everything below a window at once.
#include <QClipboard>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <cmath>

#include "core/base/error.h"
#include "tests/plots/plot_driver.h"
#include "widgets/plots/gate_history.h"
#include "widgets/plots/gates_heatmap.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/plots/pareto_plot.h"
#include "widgets/plots/plan_budget_map.h"
#include "widgets/plots/plot_export.h"
#include "widgets/plots/retrieval_map.h"

namespace fm {

class TestPlotExport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }

    void gatesCsvIsTheData() {
        const auto history = samples::gates();
        const auto plot = shown<GatesHeatmap>("gates_heatmap");
        const QList<QStringList> rows = csvOf(*plot);
        QCOMPARE(rows.size(), 1501);
        QCOMPARE(rows[0][30], QString("alpha_29"));
        for (const int row : {0, 1, 777, 1499}) {
            QCOMPARE(rows[row + 1][0].toDouble(), history->steps()[row]);
            for (int layer = 0; layer < 30; ++layer)
                QCOMPARE(rows[row + 1][layer + 1].toFloat(), history->alpha(row, layer));
        }
    }

    void curvesCsvIsTheDataUnsmoothed() {
        ObjectivePlot plot(darkTheme());
        plot.setCurves({{"series/loss/a", "a", "nat"}, {"series/loss/b, c", "b"}});
        plot.append(0, std::vector<double>{0, 1, 3}, std::vector<double>{0.1, std::nan(""), 1.0 / 3});
        plot.append(1, std::vector<double>{1, 2}, std::vector<double>{1e-300, -7});
        const QList<QStringList> expected = {{"step", "series/loss/a [nat]", "\"series/loss/b", " c\""},
                                             {"0", "0.1", ""},
                                             {"1", "", "1e-300"},
                                             {"2", "", "-7"},
                                             {"3", "0.3333333333333333", ""}};
        QCOMPARE(csvOf(plot), expected);
    }

    void cellsCsvIsTheData() {
        const QList<QStringList> retrieval = csvOf(*shown<RetrievalMap>("retrieval_map"));
        QCOMPARE(retrieval.size(), 51);
        QCOMPARE(retrieval[0].join(','), QString("depth,tokens,recall,low,high,sequences"));
        QCOMPARE(retrieval[3][1].toDouble(), 2048.0);
        QCOMPARE(retrieval[50][2], QString());  // not measured
        const QList<QStringList> budget = csvOf(*shown<PlanBudgetMap>("plan_budget_map"));
        QCOMPARE(budget[13][8], QString("1"));  // layer 12 is full at K = 8
        const QList<QStringList> points = csvOf(*shown<ParetoPlot>("pareto"));
        QCOMPARE(points.size(), 11);
        QCOMPARE(points[5].last(), QString("predicted"));
    }

    void picturesAreWrittenInEveryFormat() {
        QTemporaryDir folder;
        for (const samples::Sample& sample : samples::all()) {
            if (QByteArray(sample.name).contains("map_") || QByteArray(sample.name).contains("retrieval"))
                continue;                                                      // alike
            const std::unique_ptr<PlotFrame> plot = sample.make(darkTheme());  // never shown
            for (const char* ending : {"png", "svg", "pdf"}) {
                const QString path = folder.filePath(QString("%1.%2").arg(sample.name, ending));
                savePicture(*plot, path);
                QFile file(path);
                QVERIFY(file.open(QIODevice::ReadOnly));
                const QByteArray bytes = file.readAll();
                QVERIFY2(bytes.size() > 1500, qPrintable(path));
                const QByteArray start = ending == QByteArray("pdf")   ? "%PDF"
                                         : ending == QByteArray("svg") ? "<?xml"
                                                                       : "\x89PNG";
                QVERIFY2(bytes.startsWith(start), qPrintable(path));
            }
        }
        const auto plot = shown<ObjectivePlot>("objective");
        const QImage picture = pictureOf(*plot, 2);
        QCOMPARE(picture.size(), plot->pictureSize() * 2);
        copyPicture(*plot);
        QCOMPARE(QApplication::clipboard()->image().size(), picture.size());
        QVERIFY_THROWS_EXCEPTION(WorldError, savePicture(*plot, folder.filePath("x.bmp")));
        QVERIFY_THROWS_EXCEPTION(WorldError, savePicture(*plot, folder.filePath("no/such/x.png")));
        QVERIFY_THROWS_EXCEPTION(WorldError, saveCsv(*plot, folder.filePath("no/such/x.csv")));
    }

    // An independent reader of PDF has nothing to complain about, and finds the title as text.
    void pdfFilesAreSound() {
        const QString reader = QStandardPaths::findExecutable("pdftotext");
        if (reader.isEmpty()) QSKIP("pdftotext (Debian package poppler-utils) is not installed");
        QTemporaryDir folder;
        for (const samples::Sample& sample : samples::all()) {
            const std::unique_ptr<PlotFrame> plot = sample.make(darkTheme());
            const QString path = folder.filePath(QString("%1.pdf").arg(sample.name));
            savePicture(*plot, path);
            QProcess process;
            process.start(reader, {path, "-"});
            QVERIFY(process.waitForFinished());
            const QByteArray complaints = process.readAllStandardError();
            QVERIFY2(complaints.isEmpty(), (QByteArray(sample.name) + ": " + complaints).constData());
            QVERIFY2(process.readAllStandardOutput().contains(plot->title().toUtf8()), sample.name);
        }
    }

    void exportAllWritesEveryFigureOnce() {
        QTemporaryDir folder;
        QWidget window;
        for (const samples::Sample& sample : samples::all()) sample.make(darkTheme()).release()->setParent(&window);
        const QStringList paths = exportAll(window, folder.filePath("figures"), {"svg"});
        QCOMPARE(paths.size(), static_cast<qsizetype>(2 * samples::all().size()));
        QVERIFY(paths.contains(folder.filePath("figures/gates-heat-map.svg")));
        QVERIFY(paths.contains(folder.filePath("figures/gates-heat-map-2.csv")));  // the empty one
        for (const QString& path : paths) QVERIFY2(QFile::exists(path), qPrintable(path));
    }
};

}  // namespace fm

QTEST_MAIN(fm::TestPlotExport)
#include "test_plot_export.moc"
