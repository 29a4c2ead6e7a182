"""Heads built of PyTorch's layers on a small problem, in evaluation, as the reference of the project's own.

Run:    python xtask/reference/heads.py      (needs numpy, torch)
Writes: crates/tl-heads/tests/golden/heads.json

Every number comes from `formula`, so that only results are stored. Computed in float64.
The fastai head is create_head's with its defaults (concatenated pooling, batch normalisation, dropout, ReLU before the
second batch normalisation), except that its linear layers have a bias:
https://github.com/fastai/fastai/blob/main/fastai/vision/learner.py
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-heads/tests/golden/heads.json"
BATCH, CHANNELS, HEIGHT, WIDTH, HIDDEN, CLASSES = 4, 3, 2, 5, 512, 3


def formula(shape, phase):
    """sin(0.7 i + phase), row by row."""
    return torch.sin(0.7 * torch.arange(int(np.prod(shape)), dtype=torch.float64) + phase).reshape(shape)


def fill(layers):
    """Weights by formula, with a phase of its own for each tensor; variances are positive."""
    phase = 1.0
    for layer in layers:
        parts = ["weight", "bias"] + (["running_mean", "running_var"] if isinstance(layer, nn.BatchNorm1d) else [])
        for part in parts:
            tensor = getattr(layer, part).data
            tensor.copy_(formula(tensor.shape, phase) + (1.5 if part == "running_var" else 0))
            phase += 1
    return layers


def fastai(maps):
    pooled = torch.cat([F.adaptive_max_pool2d(maps, 1), F.adaptive_avg_pool2d(maps, 1)], 1).flatten(1)
    layers = [nn.BatchNorm1d(2 * CHANNELS), nn.Linear(2 * CHANNELS, HIDDEN), nn.BatchNorm1d(HIDDEN)]
    norm, linear, hidden_norm, last = fill([l.double().eval() for l in layers + [nn.Linear(HIDDEN, CLASSES)]])
    return last(hidden_norm(F.relu(linear(norm(pooled)))))


def cosine(features):
    weight = formula((CLASSES, features.shape[1]), 1.0)
    return 7.5 * F.normalize(features) @ F.normalize(weight).T


def main():
    maps = formula((BATCH, CHANNELS, HEIGHT, WIDTH), 0.0)
    average, largest = F.adaptive_avg_pool2d(maps, 1).flatten(1), F.adaptive_max_pool2d(maps, 1).flatten(1)
    values = {
        "average": average,
        "max": largest,
        "concat": torch.cat([largest, average], 1),
        "flatten": maps.flatten(1),
        "fastai": fastai(maps),
        "cosine": cosine(average),
    }
    head = {"about": "[picture][feature or class], good to 8 decimals.", "script": "xtask/reference/heads.py"}
    rows = head | {"versions": {"torch": torch.__version__}}
    rows |= {name: tensor.detach().numpy().round(8).tolist() for name, tensor in values.items()}
    OUT.write_text("{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items()) + "\n}\n")


if __name__ == "__main__":
    main()
