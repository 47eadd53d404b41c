// What went wrong and needs the user: one sentence each, the newest first. The same sentence again counts up instead of
// taking another row.
#pragma once

#include <QAbstractTableModel>
#include <QDateTime>
#include <QString>
#include <vector>

#include "core/run/event.h"

namespace fm {

struct ProblemEntry {
    Severity severity = Severity::Error;
    QString text;    // the sentence, with what to do
    QString origin;  // "engine", "study" or a run id
    QDateTime when;
    int count = 1;
};

class ProblemsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { SeverityColumn, TimeColumn, OriginColumn, TextColumn, num_columns };
    enum Role { SeverityRole = Qt::UserRole, OriginRole };

    explicit ProblemsModel(QObject* parent = nullptr);

    void add(Severity severity, const QString& text, const QString& origin,
             const QDateTime& when = QDateTime::currentDateTime());
    void remove(int row);  // the user has dealt with it
    void clear();

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void countChanged(int count);

private:
    std::vector<ProblemEntry> entries_;  // newest first
};

}  // namespace fm
