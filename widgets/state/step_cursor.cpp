#include "widgets/state/step_cursor.h"

#include <algorithm>
#include <utility>

namespace fm {

void StepCursor::show(std::int64_t step) {
    step = std::clamp<std::int64_t>(step, count_ > 0 ? 0 : -1, count_ - 1);
    if (step == step_) return;
    step_ = step;
    Q_EMIT stepChanged(step_);
}

void StepCursor::reset(std::int64_t count, std::int64_t total) {
    count_ = count;
    total_ = std::max(count, total);
    step_ = count - 1;
    const bool was_following = std::exchange(follow_, true);
    Q_EMIT countChanged(count_);
    Q_EMIT stepChanged(step_);
    if (!was_following) Q_EMIT followChanged(true);
}

void StepCursor::setCount(std::int64_t count) {
    if (count == count_) return;
    count_ = count;
    total_ = std::max(count, total_);
    Q_EMIT countChanged(count_);
    show(follow_ ? count_ - 1 : std::max<std::int64_t>(step_, 0));
}

void StepCursor::setStep(std::int64_t step) {
    if (std::exchange(follow_, false)) Q_EMIT followChanged(false);
    show(step);
}

void StepCursor::setFollowLast(bool follow) {
    if (std::exchange(follow_, follow) != follow) Q_EMIT followChanged(follow);
    if (follow) show(count_ - 1);
}

}  // namespace fm
