// The view of the runs: colours by state, the columns one sees first, and their widths.
#pragma once

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

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    int stateWidth() const;

    QTimer fit_timer_;
    bool set_by_hand_ = false, fitting_ = false;
};

}  // namespace fm
