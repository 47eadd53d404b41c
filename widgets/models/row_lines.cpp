#include "widgets/models/row_lines.h"

#include <QAbstractItemModel>
#include <QStringList>

namespace fm {

QString rowLines(const QAbstractItemModel& model, int row, int first_column) {
    QStringList lines;
    for (int column = first_column; column < model.columnCount(); ++column)
        lines << model.headerData(column, Qt::Horizontal).toString() + QStringLiteral(": ") +
                     model.index(row, column).data().toString();
    return lines.join(QChar('\n'));
}

}  // namespace fm
