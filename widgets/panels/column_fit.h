// Columns of a table at its present width: as many as fit, the most telling first, so that nothing has to be scrolled
// sideways. Those left out are back as soon as there is room, or by the menu of the table's head, where the user can
// also put any away.
#pragma once

#include <QObject>
#include <QString>
#include <map>
#include <vector>

class QPoint;
class QTableView;

namespace fm {

// Once the user has dragged a column's edge, widths are the user's. Thread: the window's.
class ColumnFit : public QObject {
    Q_OBJECT
public:
    struct Column {
        int column;
        QString widest;  // the longest text that is to be read in full
        int share = 0;   // of the width that is left over
    };
    // `columns` in order of what they tell; the first one is always shown.
    ColumnFit(QTableView& table, std::vector<Column> columns);
    void fit();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    int widthOf(const Column& column) const;
    void openMenu(const QPoint& at);

    QTableView& table_;
    std::vector<Column> columns_;
    std::map<int, bool> chosen_;  // by the user: shown or put away, whatever the room
    bool fitting_ = false, set_by_hand_ = false;
};

}  // namespace fm
