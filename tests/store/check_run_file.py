"""Reads the sample run (sample_run.h) with h5py and numpy alone and says what is wrong. Exit code 0: nothing.

usage: check_run_file.py <run.h5> <live|closed> <least rows> <status>
"""

import sys

import h5py
import numpy as np

NUM_LAYERS = 30


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def check_attributes(run, status):
    expected = {
        "run_id": "20260314T150926Z-gates-3fa9c1",
        "job": "gates",
        "status": status,
        "spec_json": r'{"budget":4,"note":"h\u00e9"}',
        "software": "0.1.0 test",
        "device": "cpu",
        "teacher_hash": "99aa06d3014798d86001c324468d497f",
    }
    for name, value in expected.items():
        assert text(run.attrs[name]) == value, (name, run.attrs[name])
    assert run.attrs["schema_version"] == 1
    assert [text(p) for p in run.attrs["parents"]] == ["b1", "20260101T000000Z-align-00ff00"]


def check_column(run, path, dtype, unit, help_text, table):
    column = run[path]
    assert column.dtype == np.dtype(dtype), (path, column.dtype)
    assert column.chunks is not None and column.maxshape[0] is None
    assert text(column.attrs["unit"]) == unit, path
    assert text(column.attrs["help"]) == help_text, path
    assert text(column.attrs["table"]) == table, path
    return column


def check_steps(run, least_rows):
    rows = int(run["tables/steps/rows"][()])
    assert rows >= least_rows, rows
    i = np.arange(rows, dtype=np.int64)
    index = check_column(run, "steps/index", "<i8", "", "number of the step", "steps")[:rows]
    wall = check_column(run, "steps/wall_ms", "<f8", "ms", "time of the step", "steps")[:rows]
    loss = check_column(run, "series/loss/align", "<f8", "1", "hidden-state error", "steps")[:rows]
    alpha = check_column(run, "gates/alpha", "<f4", "1", "gates", "steps")[:rows]
    grad = check_column(run, "gates/grad", "<f4", "1", "gradients of the gates", "steps")[:rows]
    np.testing.assert_array_equal(index, i)
    np.testing.assert_array_equal(wall, 0.5 * i + 1)
    np.testing.assert_array_equal(loss, 1.0 / (i + 1))
    expected = ((i % 4096 + 1)[:, None] + np.arange(NUM_LAYERS)[None, :] / 32).astype(np.float32)
    np.testing.assert_array_equal(alpha, expected)
    np.testing.assert_array_equal(grad, -expected)


def check_closed(run):
    assert [text(p) for p in run["tables/steps/columns"][()]] == [
        "steps/index", "steps/wall_ms", "series/loss/align", "gates/alpha", "gates/grad"]
    assert [run["tables"][t].attrs["index"] for t in ("steps", "samples", "events_log", "events_state")] == [0, 1, 2, 3]
    answers = run["eval/answer"]
    assert answers.dtype == np.dtype("S24") and h5py.check_string_dtype(answers.dtype).encoding == "utf-8"
    assert list(answers.asstr()[()]) == [f"answer-{i}-\u00e9" for i in range(len(answers))] and len(answers) == 20
    assert list(run["events/log/text"].asstr()[()]) == ["[gates] begins"]
    assert list(run["events/log/severity"].asstr()[()]) == ["warning"]
    assert list(run["events/state/state"].asstr()[()]) == ["finished"]
    for name in ("steps/index", "gates/alpha"):
        assert len(run[name]) == run["tables/steps/rows"][()]


def main():
    path, how, least_rows, status = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    if how == "closed":
        with h5py.File(path, "r") as run:
            check_attributes(run, status)
            check_steps(run, least_rows)
            check_closed(run)
    else:
        with h5py.File(path, "r", libver="latest", swmr=True) as run:
            check_attributes(run, status)
            check_steps(run, least_rows)


main()
