// A new study: a teacher, a folder to keep everything in, and text for haystacks.
#pragma once

#include <QDialog>

#include <nlohmann/json_fwd.hpp>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace fm {

// Thread: the window's.
class NewStudyDialog : public QDialog {
    Q_OBJECT
public:
    explicit NewStudyDialog(QWidget* parent = nullptr);
    nlohmann::json params() const;  // of study/create
    QString folder() const;
    void setProblem(const QString& sentence);  // the engine has refused

Q_SIGNALS:
    void createWanted();

private:
    enum class Kind { Folder, NewFolder, Model };
    QLineEdit* addPath(const QString& label, const QString& help, Kind kind);
    void showWhetherComplete();

    QLineEdit *teacher_, *folder_, *text_, *branches_;
    QComboBox* form_;
    QLabel* problem_;
    QPushButton* create_;
};

}  // namespace fm
