#include "widgets/panels/sign_icon.h"

#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmap>

namespace fm {
namespace {

// In a square of 16 x 16.
void triangle(QPainter& painter, double tip, double base) {
    painter.drawPolygon(QPolygonF{QPointF(base, 3), QPointF(tip, 8), QPointF(base, 13)});
}
void bar(QPainter& painter, double left, double width) { painter.drawRect(QRectF(left, 3, width, 10)); }

void draw(QPainter& painter, Sign sign) {
    switch (sign) {
        case Sign::First:
            bar(painter, 2, 2);
            return triangle(painter, 4.5, 13);
        case Sign::Back:
            return triangle(painter, 4, 12);
        case Sign::On:
            return triangle(painter, 12, 4);
        case Sign::Last:
            bar(painter, 12, 2);
            return triangle(painter, 11.5, 3);
        case Sign::Play:
            return triangle(painter, 13, 4);
        case Sign::Pause:
            bar(painter, 4, 3);
            return bar(painter, 9.5, 3);
        case Sign::Step:
            bar(painter, 11.5, 2.5);
            return triangle(painter, 10.5, 3);
        case Sign::Stop:
            painter.drawRect(QRectF(3.5, 3.5, 9, 9));
            return;
        case Sign::Filled:
            painter.drawEllipse(QPointF(8, 8), 3.6, 3.6);
            return;
        case Sign::Hollow:
            painter.setPen(QPen(painter.brush().color(), 1.4));
            painter.setBrush(Qt::NoBrush);
            painter.drawEllipse(QPointF(8, 8), 3.2, 3.2);
            return;
        case Sign::Down:
            painter.drawPolygon(QPolygonF{QPointF(4, 6), QPointF(12, 6), QPointF(8, 11)});
            return;
    }
}

class SignEngine : public QIconEngine {
public:
    explicit SignEngine(Sign sign) : sign_(sign) {}
    QIconEngine* clone() const override { return new SignEngine(sign_); }
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->translate(rect.topLeft());
        painter->scale(rect.width() / 16.0, rect.height() / 16.0);
        painter->setPen(Qt::NoPen);
        painter->setBrush(QGuiApplication::palette().color(group, QPalette::ButtonText));
        draw(*painter, sign_);
        painter->restore();
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return pixmap;
    }

private:
    Sign sign_;
};

}  // namespace

QIcon signIcon(Sign sign) { return QIcon(new SignEngine(sign)); }

}  // namespace fm
