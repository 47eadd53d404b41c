// HDF5 itself loses memory when a file is damaged or a write fails; our own leaks are still reported, because none of
// our allocations is made inside its library. Used by the leak checker of sanitizer builds only.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }
