// lambda, learning rate and budget of the running gate job: changed here, applied by the engine at the next step.
#pragma once

#include <QString>
#include <QWidget>
#include <map>

class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace fm {

// Emits wishes; the answer comes back through setAcknowledged(). Thread: the window's.
class LiveSettings : public QWidget {
    Q_OBJECT
public:
    explicit LiveSettings(QWidget* parent = nullptr);

    // As the newest step was taken; a field the user is editing is left alone.
    void setCurrent(double lambda, double lr, double budget, int num_layers);
    void setRunning(bool running);  // off: the fields are disabled and say why
    // The engine has taken the change; it holds from this step on.
    void setAcknowledged(const QString& field, const QString& when);

Q_SIGNALS:
    void changeWanted(const QString& field, double value);  // "lambda", "lr", "budget"

private:
    struct Field {
        QDoubleSpinBox* box = nullptr;
        bool edited = false;
    };
    void addField(const QString& name, const QString& label, const QString& help, double max, int digits, double step);
    void apply();
    void showButton();

    std::map<QString, Field> fields_;
    QPushButton* apply_;
    QLabel* note_;
    bool running_ = false;
};

}  // namespace fm
