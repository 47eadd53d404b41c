// The docks of the window: made once, arranged by default for the size of the screen, saved and restored.
#pragma once

#include <QHash>
#include <QObject>
#include <QSize>
#include <QString>
#include <QStringList>

class QDockWidget;
class QMainWindow;
class QMenu;
class QWidget;

namespace fm {

// Thread: the window's.
class Docks : public QObject {
    Q_OBJECT
public:
    explicit Docks(QMainWindow& window);

    // `id` is stored in layouts: never change it.
    // `title_row`: drawn instead of the usual title, in and out of tabs.
    QDockWidget* add(const QString& id, const QString& title, QWidget* content, QWidget* title_row = nullptr);
    QDockWidget* dock(const QString& id) const { return docks_.value(id); }
    // Shows it, in front of others on its place, and gives it the focus.
    void raise(const QString& id);
    // Where the dock is too low to read in, it floats over the window, as large as `wanted`.
    void giveRoom(const QString& id, const QSize& wanted);

    // Plan on top, live plots, comparison, runs and job at the side; with less height the third row becomes tabs of the
    // second.
    void arrange(const QSize& size);
    void fitPlan();                    // grows the plan's dock where a study has more layers than fit
    void fillMenu(QMenu& menu) const;  // one entry per dock, to show and hide
    QStringList ids() const { return order_; }

private:
    void split(const QString& first, const QString& second, Qt::Orientation orientation);
    void tabify(const QStringList& ids);  // the first stays in front
    bool has(const QString& id) const { return docks_.contains(id); }
    void arrangeSide();
    void arrangePlots(bool tall);
    int planHeight(int window_height, int width) const;
    void giveSizes(const QSize& size, bool tall);
    void showTitles();  // a tab says the name already

    QMainWindow& window_;
    QHash<QString, QDockWidget*> docks_;
    QStringList order_, own_titles_;
};

}  // namespace fm
