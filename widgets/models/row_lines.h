// A row of a table in words, also of the columns that a narrow table leaves out.
#pragma once

#include <QString>

class QAbstractItemModel;

namespace fm {

// One line per column from `first_column` on: "title: text".
QString rowLines(const QAbstractItemModel& model, int row, int first_column);

}  // namespace fm
