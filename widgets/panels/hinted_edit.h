// A field whose faint hint is the longest one that fits.
#pragma once

#include <QLineEdit>
#include <QStringList>

namespace fm {

// Thread: the window's.
class HintedEdit : public QLineEdit {
    Q_OBJECT
public:
    // `hints`: longest first; the field never gets narrower than the last one.
    explicit HintedEdit(const QStringList& hints, QWidget* parent = nullptr);
    void setHints(const QStringList& hints);
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void showHint();
    int roomFor(const QString& hint) const;  // width of a field that shows it

    QStringList hints_;
};

}  // namespace fm
