#include "widgets/state/selection.h"

namespace fm {

void Selection::setLayers(const std::set<int>& layers, int current) {
    if (current < 0 && !layers.empty()) current = *layers.begin();
    if (layers == layers_ && current == current_layer_) return;
    layers_ = layers;
    current_layer_ = current;
    Q_EMIT layersChanged();
}

void Selection::setRun(const QString& run_id) {
    if (run_id == run_) return;
    run_ = run_id;
    Q_EMIT runChanged();
}

void Selection::setComparedRuns(const std::set<QString>& run_ids) {
    if (run_ids == compared_) return;
    compared_ = run_ids;
    Q_EMIT comparedRunsChanged();
}

void Selection::setSample(const SampleRef& sample) {
    if (sample == sample_) return;
    sample_ = sample;
    Q_EMIT sampleChanged();
}

}  // namespace fm
