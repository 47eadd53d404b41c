"""Medians of CUDA-event times."""

import statistics

import torch

_L2_BYTES = 128 << 20


def median_ms(function, budget_ms=300.0, warm_up=5):
    """Each call is timed by itself; before it, a write of more than the L2 holds puts the inputs out of the cache."""
    flush = torch.empty(_L2_BYTES, dtype=torch.uint8, device="cuda")
    for _ in range(warm_up):
        function()
    torch.cuda.synchronize()
    times, total = [], 0.0
    while (total < budget_ms or len(times) < 10) and len(times) < 200:
        flush.zero_()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        function()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
        total += times[-1]
    return statistics.median(times)


def graphed(function):
    """The function as a CUDA graph, or None where it cannot be captured."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            function()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            function()
    except RuntimeError:
        return None
    return graph.replay


def copy_rate_bytes_per_s(size_bytes=2 << 30):
    source = torch.empty(size_bytes // 2, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    return size_bytes / (median_ms(lambda: target.copy_(source), budget_ms=30) * 1e-3)
