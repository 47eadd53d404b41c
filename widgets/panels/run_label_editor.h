// Name, tags and notes of one run, in two lines under the table of runs.
#pragma once

#include <QWidget>

#include "core/store/study.h"

class QLineEdit;
class QToolButton;

namespace fm {

class RunLabelEditor : public QWidget {
    Q_OBJECT
public:
    explicit RunLabelEditor(QWidget* parent = nullptr);

    void showLabel(const QString& run_id, const Label& label);  // empty id: nothing to edit
    bool isBeingEdited() const;                                 // the keyboard is in one of its fields

public Q_SLOTS:
    void editName();
    void editTags();
    void editNotes();

Q_SIGNALS:
    void labelEdited(const QString& run_id, const fm::Label& label);
    void archiveClicked();
    void done();  // Enter or Esc: the keyboard goes back to the table

private:
    QLineEdit* addField(const QStringList& hints, const QString& name, const QString& tool_tip);
    void store();

    QString run_id_;
    Label label_;
    QLineEdit* name_ = nullptr;
    QLineEdit* tags_ = nullptr;
    QLineEdit* notes_ = nullptr;
    QToolButton* archive_ = nullptr;
};

}  // namespace fm
