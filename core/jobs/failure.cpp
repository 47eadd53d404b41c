#include "core/jobs/failure.h"

#include <c10/util/Exception.h>

#include <filesystem>
#include <new>

#include "core/base/assert.h"
#include "core/base/atomic_file.h"

namespace fm {

namespace {

constexpr const char* kOutOfMemory =
    "not enough memory; give shorter contexts or smaller batches, or close other programs";

Failure describeInput(const InputError& error) {
    const std::size_t count = error.problems().size();
    const std::string text =
        count == 1 ? "1 problem in what was given" : std::to_string(count) + " problems in what was given";
    return {FailureKind::Input, text, error.problems()};
}

// LibTorch reports lack of memory on the CPU as a plain c10::Error.
bool isOutOfMemory(const c10::Error& error) {
    if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return true;
    return std::string(error.what_without_backtrace()).find("allocate memory") != std::string::npos;
}

}  // namespace

const char* toString(FailureKind kind) {
    switch (kind) {
        case FailureKind::Input:
            return "input";
        case FailureKind::Cancelled:
            return "cancelled";
        case FailureKind::Failed:
            return "failed";
        case FailureKind::Fault:
            return "fault";
    }
    FM_ASSERT(false, "the kind of failure has a word");
    return "";
}

std::string Failure::problemsText() const {
    std::string text;
    for (const Problem& problem : problems) {
        text += "  " + problem.field + ": " + (problem.value.empty() ? "nothing" : problem.value) +
                " given; allowed: " + problem.allowed + "\n";
    }
    return text;
}

Failure describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const InputError& input) {
        return describeInput(input);
    } catch (const Cancelled& cancelled) {
        return {FailureKind::Cancelled, cancelled.what(), {}};
    } catch (const std::bad_alloc&) {
        return {FailureKind::Failed, kOutOfMemory, {}};
    } catch (const c10::Error& torch) {
        return {FailureKind::Failed, isOutOfMemory(torch) ? kOutOfMemory : torch.what_without_backtrace(), {}};
    } catch (const std::filesystem::filesystem_error& path) {
        return {FailureKind::Failed, readErrorText(path.path1().string(), "looking there", path.code().value()), {}};
    } catch (const LogicFault& fault) {
        return {FailureKind::Fault, fault.what(), {}};
    } catch (const std::exception& other) {
        return {FailureKind::Failed, other.what(), {}};
    }
}

}  // namespace fm
