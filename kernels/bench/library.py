"""The C interface of kernels/cuda (gdn.h, lightning.h) through ctypes; tensors are passed as addresses."""

import ctypes
from ctypes import c_float, c_int32, c_size_t, c_void_p

import torch

_POINTER = c_void_p


def _struct(name, *fields):
    return type(name, (ctypes.Structure,), {"_fields_": list(fields)})


LightningShape = _struct(
    "LightningShape",
    *[(n, c_int32) for n in ("batch", "tokens", "heads", "head_dim")],
    ("scale", c_float),
)
LightningForward = _struct(
    "LightningForward",
    ("shape", LightningShape),
    *[(n, _POINTER) for n in ("q", "k", "v", "log_decay", "g", "lengths", "initial_state", "o", "final_state")],
    ("stream", _POINTER),
)
LightningBackward = _struct(
    "LightningBackward",
    ("forward", LightningForward),
    *[(n, _POINTER) for n in ("do", "dfinal_state", "dq", "dk", "dv", "dg", "dinitial_state", "workspace")],
)
GdnShape = _struct(
    "GdnShape",
    *[(n, c_int32) for n in ("batch", "tokens", "heads", "value_heads", "head_dim")],
    ("scale", c_float),
)
GdnForward = _struct(
    "GdnForward",
    ("shape", GdnShape),
    *[
        (n, _POINTER)
        for n in ("q", "k", "v", "g", "beta", "lengths", "initial_state", "o", "final_state", "saved", "workspace")
    ],
    ("stream", _POINTER),
)
GdnBackward = _struct(
    "GdnBackward",
    ("forward", GdnForward),
    *[
        (n, _POINTER)
        for n in ("do", "dfinal_state", "dq", "dk", "dv", "dg", "dbeta", "dinitial_state", "workspace")
    ],
)


def _fill(struct, shape, tensors):
    struct.shape = shape
    struct.stream = torch.cuda.current_stream().cuda_stream
    for name, tensor in tensors.items():
        setattr(struct, name, None if tensor is None else tensor.data_ptr())
    return struct


def _bytes(count):
    return torch.empty(max(int(count), 16), dtype=torch.uint8, device="cuda")


class Library:
    """lightning(x) and gdn(x) return (forward alone, forward for training, backward, outputs) for tensors x by name."""

    def __init__(self, path):
        self._c = ctypes.CDLL(path)
        self.has_gdn = hasattr(self._c, "fm_gdn_forward")
        if self.has_gdn:
            for name in ("saved", "forward_workspace", "backward_workspace"):
                getattr(self._c, f"fm_gdn_{name}_bytes").restype = c_size_t

    def _call(self, name, struct):
        status = getattr(self._c, name)(ctypes.byref(struct))
        if status != 0:
            raise RuntimeError(f"{name}: CUDA error {status}")

    def lightning(self, x):
        """x: q, k, v, do, log_decay [H]. Training needs nothing saved."""
        batch, tokens, heads, head_dim = x["q"].shape
        shape = LightningShape(batch, tokens, heads, head_dim, head_dim**-0.5)
        out = {n: torch.empty_like(x["q"]) for n in ("o", "dq", "dk", "dv")}

        def arguments():
            inputs = {n: x[n] for n in ("q", "k", "v", "log_decay")}
            return _fill(LightningForward(), shape, inputs | {"o": out["o"]})

        def backward():
            args = LightningBackward(forward=arguments())
            for name, tensor in (("do", x["do"]), ("dq", out["dq"]), ("dk", out["dk"]), ("dv", out["dv"])):
                setattr(args, name, tensor.data_ptr())
            self._call("fm_lightning_backward", args)

        forward = lambda: self._call("fm_lightning_forward", arguments())
        return forward, forward, backward, out

    def gdn(self, x):
        """x: q, k, v, do, g, beta."""
        batch, tokens, heads, head_dim = x["q"].shape
        shape = GdnShape(batch, tokens, heads, heads, head_dim, head_dim**-0.5)
        out = {n: torch.empty_like(x["q"]) for n in ("o", "dq", "dk", "dv")}
        out |= {n: torch.empty_like(x["g"]) for n in ("dg", "dbeta")}
        saved, workspace, backward_workspace = (
            _bytes(getattr(self._c, f"fm_gdn_{name}_bytes")(ctypes.byref(shape)))
            for name in ("saved", "forward_workspace", "backward_workspace")
        )

        def arguments(saved):
            inputs = {n: x[n] for n in ("q", "k", "v", "g", "beta")}
            return _fill(GdnForward(), shape, inputs | {"o": out["o"], "saved": saved, "workspace": workspace})

        def backward():
            args = GdnBackward(forward=arguments(saved))
            for name in ("dq", "dk", "dv", "dg", "dbeta"):
                setattr(args, name, out[name].data_ptr())
            args.do, args.workspace = x["do"].data_ptr(), backward_workspace.data_ptr()
            self._call("fm_gdn_backward", args)

        forward = lambda saved: self._call("fm_gdn_forward", arguments(saved))
        return lambda: forward(None), lambda: forward(saved), backward, out
