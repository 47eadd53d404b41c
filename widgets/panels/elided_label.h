// One line of text that gives way: what does not fit is cut with "…" and said in full in the tooltip.
#pragma once

#include <QLabel>

namespace fm {

// Thread: the window's.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr);
    // `shorter` is shown where the full text does not fit.
    void setFullText(const QString& text, const QString& shorter = {});
    const QString& fullText() const { return full_; }
    QSize minimumSizeHint() const override { return {24, QLabel::minimumSizeHint().height()}; }
    QSize sizeHint() const override;
    bool isCut() const;  // neither fits

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void showWhatFits();

    QString full_, shorter_;
};

}  // namespace fm
