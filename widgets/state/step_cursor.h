// Which step of the shown run every view shows.
#pragma once

#include <QObject>
#include <cstdint>

namespace fm {

// New steps move the cursor only while it follows the last one. Thread: the window's.
class StepCursor : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    std::int64_t step() const { return step_; }    // -1 when there are no steps
    std::int64_t count() const { return count_; }  // steps recorded so far
    std::int64_t total() const { return total_; }  // steps the run will have; at least count()
    bool followLast() const { return follow_; }
    bool atLast() const { return step_ + 1 == count_; }

    void reset(std::int64_t count, std::int64_t total);  // another run: shows its end and follows
    void setCount(std::int64_t count);
    void setStep(std::int64_t step);  // by the user: stops following; clamped
    void setFollowLast(bool follow);
    void first() { setStep(0); }
    void last() { setStep(count_ - 1); }
    void move(std::int64_t by) { setStep(step_ + by); }

Q_SIGNALS:
    void stepChanged(std::int64_t step);
    void countChanged(std::int64_t count);
    void followChanged(bool follow);

private:
    void show(std::int64_t step);

    std::int64_t step_ = -1, count_ = 0, total_ = 0;
    bool follow_ = true;
};

}  // namespace fm
