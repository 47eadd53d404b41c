#include "core/data/prefetch.h"

#include <algorithm>

namespace fm {

BatchPrefetcher::BatchPrefetcher(const BatchSource& source, std::int64_t first, int threads, int ahead)
    : BatchPrefetcher([&source](std::int64_t index) { return source.batch(index); }, first, threads, ahead) {}

BatchPrefetcher::BatchPrefetcher(Make make, std::int64_t first, int threads, int ahead)
    : make_(std::move(make)), ahead_(std::max(1, ahead)), claim_(first), take_(first) {
    for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { work(); });
}

BatchPrefetcher::~BatchPrefetcher() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    taken_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void BatchPrefetcher::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        taken_.wait(lock, [this] { return stop_ || claim_ < take_ + ahead_; });
        if (stop_) return;
        const std::int64_t index = claim_++;
        lock.unlock();
        Slot slot;
        try {
            slot.batch = make_(index);
        } catch (...) {
            slot.error = std::current_exception();
        }
        lock.lock();
        ready_.emplace(index, std::move(slot));
        made_.notify_one();
    }
}

Batch BatchPrefetcher::next() {
    std::unique_lock lock(mutex_);
    made_.wait(lock, [this] { return ready_.contains(take_); });
    Slot slot = std::move(ready_.extract(take_).mapped());
    ++take_;
    lock.unlock();
    taken_.notify_one();
    if (slot.error) std::rethrow_exception(slot.error);
    return std::move(slot.batch);
}

}  // namespace fm
