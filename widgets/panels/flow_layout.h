// A row of controls that goes on in further rows where it does not fit: nothing is cut off in a narrow dock.
#pragma once

#include <QLayout>
#include <QList>

namespace fm {

// What may grow (a field, a stretch) takes the rest of its row. Thread: the window's.
class FlowLayout : public QLayout {
    Q_OBJECT
public:
    explicit FlowLayout(int spacing = 4);
    ~FlowLayout() override;
    void addStretch();

    void addItem(QLayoutItem* item) override { items_ << item; }
    int count() const override { return static_cast<int>(items_.size()); }
    QLayoutItem* itemAt(int index) const override { return items_.value(index); }
    QLayoutItem* takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return Qt::Horizontal; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSize() const override;
    void setGeometry(const QRect& rect) override;

private:
    using Row = QList<QLayoutItem*>;
    QList<Row> rowsFor(int width) const;
    void place(const Row& row, const QRect& rect) const;

    QList<QLayoutItem*> items_;
};

}  // namespace fm
