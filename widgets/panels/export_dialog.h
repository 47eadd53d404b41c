// Where a hybrid can go: every target with its verdict and why-not, then the export itself and the check of what was
// written.
//
// Wiring: ExportDialog(theme). On show the window calls setSubject() and answers targetsWanted() with export/targets ->
// setTargets(). exportRequested() -> export/run; its job's progress -> setProgress(), its result -> setExported(), a
// failure -> setProblem(). verifyRequested() -> export/verify -> setVerified(). openFolder() is the window's.
#pragma once

#include <QDialog>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "widgets/panels/export_target.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;

namespace fm {

class ThemeSource;

// A hybrid of the study, or a plan that nobody has recovered.
struct ExportSubjectText {
    QString hybrid;    // id; empty: a plan
    std::string plan;  // key
    QString title;     // "flashmorph K=4", "plan K=4 without recovery"
    QString study;     // its folder: exports go below it unless the user says otherwise
};

class ExportDialog : public QDialog {
    Q_OBJECT
public:
    explicit ExportDialog(ThemeSource& theme, QWidget* parent = nullptr);

    void setSubject(const ExportSubjectText& subject);
    const ExportSubjectText& subject() const { return subject_; }
    void setTargets(const nlohmann::json& result);   // of export/targets
    void setProgress(const QString& text);           // "writing tensor 12 of 96"
    void setExported(const nlohmann::json& result);  // of the export job: {folder, verdict}
    void setVerified(const nlohmann::json& result);  // of export/verify
    void setProblem(const QString& sentence);

    QString target() const;
    QString destination() const;
    QString dtype() const;

Q_SIGNALS:
    void targetsWanted();
    void exportRequested(const QString& target, const QString& out, const QString& dtype);
    void verifyRequested(const QString& folder);
    void openFolder(const QString& folder);

private:
    QLayout* buildTargets();
    QLayout* buildDestination();
    QLayout* buildFoot();
    void showTarget();
    void suggestDestination();
    void setBusy(bool busy);
    QColor colourOf(ExportFit fit) const;

    enum class Stage { Choose, Exporting, Verifying, Done };
    ThemeSource& theme_;
    ExportSubjectText subject_;
    std::vector<ExportTarget> targets_;
    Stage stage_ = Stage::Choose;
    QString written_folder_;
    bool destination_typed_ = false;

    QLabel* subject_label_ = nullptr;
    QListWidget* list_ = nullptr;
    QLabel* verdict_ = nullptr;
    QLabel* reasons_ = nullptr;
    QLabel* loaders_ = nullptr;
    QLineEdit* destination_edit_ = nullptr;
    QComboBox* dtype_box_ = nullptr;
    QProgressBar* progress_ = nullptr;
    QLabel* status_ = nullptr;
    QLabel* report_ = nullptr;
    QPushButton* export_button_ = nullptr;
    QPushButton* open_button_ = nullptr;
    QPushButton* close_button_ = nullptr;
};

}  // namespace fm
