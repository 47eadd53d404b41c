#include "app/cli/interrupt.h"

#include <unistd.h>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <utility>

#include "app/cli/cli_context.h"
#include "core/base/error.h"

namespace fm::cli {

namespace {

constexpr char kSignalled = 's';
constexpr char kLeave = 'l';

std::atomic<int> g_pipe{-1};  // where the handler writes; -1 outside a guard
std::atomic<int> g_signals{0};

// Async-signal-safe: atomics, write and _exit only.
extern "C" void onSignal(int) {
    if (g_signals.fetch_add(1) > 0) _exit(kExitCancelled);
    const char byte = kSignalled;
    if (write(g_pipe.load(), &byte, 1) != 1) _exit(kExitCancelled);
}

// Async-signal-safe.
extern "C" void quit(int) { _exit(kExitCancelled); }

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

// The actions there were before.
std::array<struct sigaction, 3> setHandler(void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    // Reads and writes of files go on. On a stack of its own, because oneDNN's generated matrix products keep data
    // where the kernel would put the handler's frame: without it a Ctrl-C now and then broke the heap.
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    std::array<struct sigaction, 3> old = {};
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        sigaction(kSignals[i], nullptr, &old[i]);
        const bool outlives_terminal = kSignals[i] == SIGHUP && old[i].sa_handler == SIG_IGN;
        if (!outlives_terminal) sigaction(kSignals[i], &action, nullptr);
    }
    return old;
}

}  // namespace

void prepareSignals() {
    std::signal(SIGXFSZ, SIG_IGN);
    setHandler(quit);
}

InterruptGuard::InterruptGuard(std::function<void()> stop) : stop_(std::move(stop)) {
    if (pipe(pipe_) != 0) throw WorldError("cannot watch for Ctrl-C: no file descriptors are left; raise `ulimit -n`");
    g_signals = 0;
    g_pipe = pipe_[1];
    watcher_ = std::thread([this] { waitForSignal(); });
    stack_t stack = {};
    stack.ss_sp = handler_stack_.data();
    stack.ss_size = handler_stack_.size();
    sigaltstack(&stack, &old_stack_);
    old_actions_ = setHandler(onSignal);
}

InterruptGuard::~InterruptGuard() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &old_actions_[i], nullptr);
    sigaltstack(&old_stack_, nullptr);
    g_pipe = -1;
    [[maybe_unused]] const ssize_t written = write(pipe_[1], &kLeave, 1);
    watcher_.join();
    close(pipe_[0]);
    close(pipe_[1]);
}

void InterruptGuard::waitForSignal() {
    char byte = kLeave;
    if (read(pipe_[0], &byte, 1) != 1 || byte == kLeave) return;
    std::fputs("\nstopping at the next micro-batch and keeping everything; Ctrl-C again quits at once\n", stderr);
    stop_();
}

}  // namespace fm::cli
