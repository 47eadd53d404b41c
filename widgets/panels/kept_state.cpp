#include "widgets/panels/kept_state.h"

#include <QCryptographicHash>

namespace fm {

static QByteArray sealOf(const QByteArray& state) {
    return QCryptographicHash::hash(state, QCryptographicHash::Sha256);
}

QByteArray sealState(const QByteArray& state) { return sealOf(state) + state; }

QByteArray unsealState(const QByteArray& sealed) {
    const qsizetype length = QCryptographicHash::hashLength(QCryptographicHash::Sha256);
    const QByteArray state = sealed.mid(length);
    return sealed.left(length) == sealOf(state) ? state : QByteArray();
}

}  // namespace fm
