// The job form and the engine: fields, problems, start, live changes. The form follows the present plan where a job
// works on one.
#pragma once

#include <QObject>
#include <QString>

#include <map>

#include <nlohmann/json.hpp>

namespace fm {

class JobForm;
class Workbench;

// Thread: the window's.
class JobLink : public QObject {
    Q_OBJECT
public:
    JobLink(Workbench& workbench, JobForm& form, QObject* parent = nullptr);

    void choose(const QString& job);  // fills the form
    void chooseWith(const QString& job, const nlohmann::json& spec);
    void chooseLike(const QString& run_id);  // with the settings of an earlier run
    void startChosen();                      // as the form's own button does

private:
    void showJob(const QString& job, const nlohmann::json& spec);
    void validate(const QString& job, const nlohmann::json& spec);
    void followPlan();
    void showPhase();
    nlohmann::json suggested(const QString& job) const;

    Workbench& workbench_;
    JobForm& form_;
    QString chosen_ = QStringLiteral("gates");
    std::map<QString, nlohmann::json> defaults_;  // answers of spec/defaults
};

}  // namespace fm
