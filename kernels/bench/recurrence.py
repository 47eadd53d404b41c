"""Both recurrences token by token in float64, gradients by autograd: what is right (kernels.md 1.2, 1.4)."""

import torch


def _outputs(x, step):
    tokens, d = x["q"].shape[1], x["q"].shape[3]
    state = x["q"].new_zeros(*x["q"].shape[::2], d, d)
    outputs = []
    for t in range(tokens):
        state = step(state, t)
        outputs.append(d**-0.5 * (x["q"][:, t, :, None, :] @ state).squeeze(-2))
    return torch.stack(outputs, 1)


def lightning(x):
    decay = x["log_decay"].exp()[None, :, None, None]
    return _outputs(x, lambda state, t: decay * state + x["k"][:, t, :, :, None] * x["v"][:, t, :, None, :])


def gdn(x):
    def step(state, t):
        state = x["g"][:, t, :, None, None].exp() * state
        k, v = x["k"][:, t, :, None, :], x["v"][:, t, :, None, :]
        return state + k.transpose(-1, -2) @ (x["beta"][:, t, :, None, None] * (v - k @ state))

    return _outputs(x, step)


def reference(operator, tensors):
    """Outputs and gradients for the given tensors, of any type, on their device."""
    x = {n: t.detach().double() for n, t in tensors.items()}
    names = [n for n in ("q", "k", "v", "g", "beta") if n in x]
    for name in names:
        x[name].requires_grad_()
    o = operator(x)
    gradients = torch.autograd.grad(o, [x[n] for n in names], x["do"])
    return {"o": o.detach()} | {f"d{n}": g for n, g in zip(names, gradients)}


def relative_errors(outputs, wanted):
    return {
        n: float((outputs[n].detach().double() - w).norm() / w.norm())
        for n, w in wanted.items()
        if n in outputs
    }
