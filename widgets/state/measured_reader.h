// What one run file says about plans: probes, selections, pair maps, and which plan a gate run ended with.
#pragma once

#include "widgets/state/measured_plans.h"
#include "widgets/state/run_spec.h"

namespace fm {

class RunReader;

// Nothing for jobs that measure no plan. Throws FormatError for damaged columns.
Measurements measurementsOf(const RunReader& reader, const SpecFields& spec);

// Measured by an older program, whose probes had no identity: figures that nobody can put beside others. The rows of a
// gate run never were measurements.
bool lacksIdentity(const RunReader& reader);

// Whether a row of "probes" reports, or belongs to what chooses a plan.
bool isReport(const std::string& purpose);

}  // namespace fm
