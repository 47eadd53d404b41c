// The view of the runs: colours by state, the columns one sees first, and their widths.
#pragma once

#include <QPersistentModelIndex>
#include <QTableView>
#include <QTimer>

namespace fm {

class ThemeSource;

class RunsTable : public QTableView {
    Q_OBJECT
public:
    RunsTable(ThemeSource& theme, QAbstractItemModel& model, QWidget* parent);

    void showColumn(int column, bool show);
    // What a run worked on has the room that is left, until the user sets the column's width.
    void fitColumns();
    // Brings this row into view, and keeps it there while the table is given its size, until the user scrolls.
    void showRow(const QModelIndex& index);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void measureState();
    int longestRunWidth() const;
    void scrollToKept();

    QTimer fit_timer_;
    QPersistentModelIndex kept_;  // stays in view; invalid: nothing does
    int state_width_ = 0;
    bool set_by_hand_ = false, fitting_ = false;
};

}  // namespace fm
