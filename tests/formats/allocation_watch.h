// The largest single allocation through operator new while a watch lives. Include in one file of a program: it
// replaces the global operators.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace fm {

inline std::atomic<bool> g_watching{false};
inline std::atomic<std::size_t> g_largest{0};

class AllocationWatch {
public:
    AllocationWatch() {
        g_largest = 0;
        g_watching = true;
    }
    ~AllocationWatch() { g_watching = false; }
    AllocationWatch(const AllocationWatch&) = delete;
    AllocationWatch& operator=(const AllocationWatch&) = delete;

    static std::size_t largest() { return g_largest; }
};

inline void* watchedTry(std::size_t bytes) noexcept {
    if (g_watching && bytes > g_largest) g_largest = bytes;
    return std::malloc(bytes == 0 ? 1 : bytes);
}
inline void* watchedAllocate(std::size_t bytes) {
    if (void* memory = watchedTry(bytes)) return memory;
    throw std::bad_alloc();
}

}  // namespace fm

void* operator new(std::size_t bytes) { return fm::watchedAllocate(bytes); }
void* operator new[](std::size_t bytes) { return fm::watchedAllocate(bytes); }
// The sanitizers' own form of these does not call the ones above; std::stable_sort uses them.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return fm::watchedTry(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return fm::watchedTry(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
