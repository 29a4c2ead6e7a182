"""How far a network's activations are from the places where a derivative jumps.

There, rounding decides: an activation that is a little below zero in one order of summation and a little above in
another makes two right gradients differ. `distance` finds images for which nothing is near.
"""

import math

import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

FAR = 1e30


class Kinks(TorchDispatchMode):
    """Collects what each activation and pooling decides by, and the values at which it decides."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kind = function.overloadpacket.__name__.rstrip("_")
        if kind == "relu":
            self.seen.append((args[0].clone(), [0.0]))
        elif kind == "hardtanh":
            self.seen.append((args[0].clone(), args[1:3]))
        elif kind in ("hardswish", "hardsigmoid"):
            self.seen.append((args[0].clone(), [-3.0, 3.0]))
        elif kind == "max_pool2d_with_indices":
            self.seen.append((lead(*args), [0.0]))
        return function(*args, **(kwargs or {}))


def lead(x, kernel, stride, padding=(0, 0), dilation=1, ceil_mode=False):
    """By how much the largest value of each window leads; far, where several are the same zero behind a ReLU."""
    assert dilation in (1, [1, 1])
    behind = [beyond(*axis) if ceil_mode else 0 for axis in zip(x.shape[2:], kernel, stride, padding, strict=True)]
    x = F.pad(x, (padding[-1], padding[-1] + behind[1], padding[0], padding[0] + behind[0]), value=-FAR)
    windows = x.unfold(2, kernel[0], stride[0]).unfold(3, kernel[-1], stride[-1]).flatten(4)
    first, second = windows.topk(2, dim=-1).values.unbind(-1)
    return torch.where(first == second, FAR, first - second)


def beyond(size, kernel, stride, padding):
    """How far the last window of a pooling that rounds its size up reaches beyond the padding."""
    windows = math.ceil((size + 2 * padding - kernel) / stride) + 1
    windows -= (windows - 1) * stride >= size + padding  # torch leaves out a window that sees padding alone
    return max(0, (windows - 1) * stride + kernel - size - 2 * padding)


def distance(narrow, wide, images):
    """Of the nearest activation to a kink, over the largest rounding error of its layer; `narrow` is in f32, `wide` the
    same network in f64."""
    seen = []
    for network, x in ((wide, images.double()), (narrow, images)):
        with torch.no_grad(), Kinks() as kinks:
            network(x)
        seen.append(kinks.seen)
    nearest = math.inf
    for (exact, places), (rounded, _) in zip(*seen, strict=True):
        near = (exact < FAR) & (rounded < FAR)
        error = (exact - rounded)[near].abs().max()
        nearest = min([nearest, *(((exact - place).abs().min() / error).item() for place in places)])
    return nearest
