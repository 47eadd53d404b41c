// The teacher that ships with the program, its branches, and a small piece of its text.
#pragma once

#include <QFile>
#include <QString>

#include <memory>
#include <string>

#include "core/data/tasks.h"
#include "core/formats/checkpoint.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"

namespace fm::testing {

inline std::string builtInModel() { return FM_SOURCE_DIR "/resources/models/fm-tiny"; }

// The first `bytes` of the shipped text as a file of its own: tokenising all of it takes seconds.
inline bool writeShortText(const QString& path, qint64 bytes) {
    QFile from(QString(FM_SOURCE_DIR) + "/resources/text/kjv.txt"), to(path);
    if (!from.open(QIODevice::ReadOnly) || !to.open(QIODevice::WriteOnly)) return false;
    return to.write(from.read(bytes)) == bytes;
}

inline DecoderWeights loadBuiltIn() { return loadWeights(*Checkpoint::open(builtInModel()), at::kCPU, at::kFloat); }

inline BranchSet loadBuiltInBranches(const DecoderWeights& weights) {
    return loadBranches(FM_SOURCE_DIR "/resources/models/fm-tiny/branches.safetensors", weights.config, at::kCPU,
                        at::kFloat);
}

}  // namespace fm::testing
