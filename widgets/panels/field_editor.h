// The right editor for one field of a spec: check box, choice, number or text. A problem is shown under it.
#pragma once

#include <QWidget>

#include "widgets/panels/form_field.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;

namespace fm {

class FieldEditor : public QWidget {
    Q_OBJECT
public:
    FieldEditor(const FormField& field, QWidget* parent);

    const FormField& field() const { return field_; }
    nlohmann::json value() const;
    void setValue(const nlohmann::json& value);  // does not announce a change
    bool isChanged() const { return value() != field_.default_value; }
    void setSuggestions(const QStringList& words);  // for lists and ids: completed while typing
    void showProblem(const QString& problem);       // empty: none
    QString problem() const;
    void showNote(const QString& note);  // "changed: takes effect at the next step"; goes with the next edit
    QWidget* input() const;

Q_SIGNALS:
    void edited();  // by the user, after each keystroke or click

private:
    void buildInput();

    FormField field_;
    QCheckBox* check_ = nullptr;
    QComboBox* choice_ = nullptr;
    QLineEdit* line_ = nullptr;
    QLabel* problem_ = nullptr;
    QLabel* note_ = nullptr;
};

}  // namespace fm
