// What one run file says about plans: probes, selections, pair maps, and which plan a gate run ended with.
#pragma once

#include "widgets/state/measured_plans.h"
#include "widgets/state/run_spec.h"

namespace fm {

class RunReader;

// Nothing for jobs that measure no plan. Throws FormatError for damaged columns.
Measurements measurementsOf(const RunReader& reader, const SpecFields& spec);

}  // namespace fm
