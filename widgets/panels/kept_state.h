// What a view keeps between starts (columns, docks), as bytes that tell whether they are whole. Qt's readers believe
// every count they find, and reserve or loop for it: bytes that somebody cut or changed must not reach them.
#pragma once

#include <QByteArray>

namespace fm {

QByteArray sealState(const QByteArray& state);
QByteArray unsealState(const QByteArray& sealed);  // empty: not what sealState() made

}  // namespace fm
