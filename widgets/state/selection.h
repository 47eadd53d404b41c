// The linked selection: what is selected in one view is highlighted in all.
#pragma once

#include <QObject>
#include <QString>
#include <set>

namespace fm {

struct SampleRef {
    QString run;
    int index = -1;  // row of the run's samples
    bool operator==(const SampleRef&) const = default;
};

// Setters emit only when something changed, so that views may connect both ways. Thread: the window's.
class Selection : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    const std::set<int>& layers() const { return layers_; }
    int currentLayer() const { return current_layer_; }  // has the keyboard focus in the strip; -1: none
    const QString& run() const { return run_; }          // shown in the plots; empty: none
    const std::set<QString>& comparedRuns() const { return compared_; }  // brushed or ticked for comparison
    const SampleRef& sample() const { return sample_; }

    void setLayers(const std::set<int>& layers, int current = -1);  // current -1: the first
    void setRun(const QString& run_id);
    void setComparedRuns(const std::set<QString>& run_ids);
    void setSample(const SampleRef& sample);

Q_SIGNALS:
    void layersChanged();
    void runChanged();
    void comparedRunsChanged();
    void sampleChanged();

private:
    std::set<int> layers_;
    int current_layer_ = -1;
    QString run_;
    std::set<QString> compared_;
    SampleRef sample_;
};

}  // namespace fm
