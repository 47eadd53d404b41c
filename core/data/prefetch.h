// Makes batches ahead of the consumer, in order, on background threads: generation must never wait in front of a GPU.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/data/batch_source.h"

namespace fm {

// Thread: construct, next() and destroy from one thread. The batches are those of source.batch(first), (first + 1), ...
// whatever the number of threads.
class BatchPrefetcher {
public:
    using Make = std::function<Batch(std::int64_t)>;

    // At most `ahead` (>= 1) finished or half-made batches are held. `source` must outlive the prefetcher.
    BatchPrefetcher(const BatchSource& source, std::int64_t first, int threads, int ahead);
    // `make` is called from several threads at once.
    BatchPrefetcher(Make make, std::int64_t first, int threads, int ahead);
    ~BatchPrefetcher();  // waits for the batches in the making
    BatchPrefetcher(const BatchPrefetcher&) = delete;
    BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;

    // Blocks until the next batch is made. Rethrows what making it threw; the order goes on with the one after.
    Batch next();

private:
    struct Slot {
        Batch batch;
        std::exception_ptr error;
    };
    void work();

    const Make make_;
    const std::int64_t ahead_;
    std::mutex mutex_;
    std::condition_variable made_, taken_;
    std::map<std::int64_t, Slot> ready_;  // by batch index
    std::int64_t claim_, take_;           // next index to make, next index to hand out
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace fm
