"""PyTorch's losses and their gradients on a small problem, as the reference of the project's own.

Run:    python xtask/reference/losses.py      (needs numpy, torch, torchvision)
Writes: crates/tl-heads/tests/golden/losses.json

Computed in float64. What PyTorch has not got is written out: the softmax focal loss (checked here against torchvision's
sigmoid one for two classes), smoothing of binary targets, and division by the weights of soft targets.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-heads/tests/golden/losses.json"
PICTURES, CLASSES = 5, 4


def problem():
    """Logits, labels, shares of a mixture, several labels, class weights; good to 4 decimals, so exact in JSON."""
    rng = np.random.RandomState(0)
    logits = torch.tensor((3 * rng.randn(PICTURES, CLASSES)).round(4))
    labels = torch.tensor([2, 0, 1, 3, 2])
    mixture = torch.tensor(rng.dirichlet(np.ones(CLASSES), PICTURES).round(4))
    mixture[:, -1] = 1 - mixture[:, :-1].sum(1)
    several = torch.tensor(rng.randint(0, 2, (PICTURES, CLASSES)).astype(float))
    return logits, labels, mixture, several, torch.tensor([0.5, 2.0, 1.25, 0.75], dtype=torch.float64)


def focal(logits, targets, gamma, weight=None):
    logs = F.log_softmax(logits, 1)
    weight = torch.ones(logits.shape[1], dtype=logits.dtype) if weight is None else weight
    return -(weight * targets * (1 - logs.exp()) ** gamma * logs).sum() / (weight * targets).sum()


def two_class_focal(logits, targets, gamma):
    """torchvision's, of the difference of the two logits: its sigmoid is the softmax of both."""
    difference = logits[:, 1] - logits[:, 0]
    loss = torchvision.ops.sigmoid_focal_loss(difference, targets[:, 1], alpha=-1, gamma=gamma, reduction="mean")
    assert torch.allclose(loss, focal(logits, targets, gamma), rtol=1e-12)
    return loss


def cases():
    """Name, kind, smoothing, weights, logits, targets, and the loss as a function of the logits."""
    logits, labels, mixture, several, weight = problem()
    hard = F.one_hot(labels, CLASSES).double()
    smooth = 0.1
    even = (1 - smooth) * several + smooth / 2
    two = (logits[:, :2], F.one_hot(labels % 2, 2).double())
    cross = "cross-entropy"
    yield "hard", cross, 0, None, logits, hard, lambda x: F.cross_entropy(x, labels)
    yield "hard smoothed", cross, smooth, None, logits, hard, lambda x: F.cross_entropy(
        x, labels, label_smoothing=smooth
    )
    yield "hard weighted", cross, 0, weight, logits, hard, lambda x: F.cross_entropy(x, labels, weight)
    yield "hard weighted smoothed", cross, smooth, weight, logits, hard, lambda x: F.cross_entropy(
        x, labels, weight, label_smoothing=smooth
    )
    yield "soft", cross, 0, None, logits, mixture, lambda x: F.cross_entropy(x, mixture)
    yield "soft smoothed", cross, smooth, None, logits, mixture, lambda x: F.cross_entropy(
        x, mixture, label_smoothing=smooth
    )
    yield "soft weighted", cross, 0, weight, logits, mixture, lambda x: F.cross_entropy(
        x, mixture, weight, reduction="sum"
    ) / (weight * mixture).sum()
    for gamma in (0.5, 2.0):
        kind = {"focal": {"gamma": gamma}}
        yield f"focal {gamma}", kind, 0, None, logits, hard, lambda x, g=gamma: focal(x, hard, g)
        yield f"focal {gamma} of two", kind, 0, None, *two, lambda x, g=gamma: two_class_focal(x, two[1], g)
        yield f"focal {gamma} soft weighted", kind, 0, weight, logits, mixture, lambda x, g=gamma: focal(
            x, mixture, g, weight
        )
    bce = F.binary_cross_entropy_with_logits
    yield "binary", "binary", 0, None, logits, several, lambda x: bce(x, several)
    yield "binary soft", "binary", 0, None, logits, mixture, lambda x: bce(x, mixture)
    yield "binary weighted", "binary", 0, weight, logits, several, lambda x: bce(x, several, weight)
    yield "binary smoothed", "binary", smooth, None, logits, several, lambda x: bce(x, even)


def main():
    rows = []
    for name, kind, smoothing, weight, logits, targets, function in cases():
        logits = logits.clone().requires_grad_()
        loss = function(logits)
        loss.backward()
        tensors = {"logits": logits, "targets": targets, "gradient": logits.grad}
        row = {"name": name, "config": {"kind": kind, "smoothing": smoothing}, "loss": round(loss.item(), 8)}
        row["weights"] = None if weight is None else weight.tolist()
        row |= {key: tensor.detach().numpy().round(8).tolist() for key, tensor in tensors.items()}
        print(f"{name}: {loss.item():.6f}")
        rows.append(json.dumps(row))
    versions = {m.__name__: m.__version__ for m in (torch, torchvision)}
    head = {"about": "[picture][class]; values are good to 8 decimals.", "script": "xtask/reference/losses.py"}
    head = "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in (head | {"versions": versions}).items())
    OUT.write_text(f'{{\n{head}  "cases": [\n    ' + ",\n    ".join(rows) + "\n  ]\n}\n")


if __name__ == "__main__":
    main()
