"""Parameters and multiply-adds of every backbone by its reference implementation, torchvision's or timm's.

Run:    python xtask/reference/complexity.py      (needs torch, torchvision, timm; no weights are made or fetched)
Writes: crates/tl-backbones/tests/golden/complexity.json

A multiply-add is one operation, and only convolutions and linear layers count: the rule of torchvision's `_ops`
(https://github.com/pytorch/vision/blob/main/test/common_extended_utils.py, `get_ops`, torch's flop counter over two).
`published` is what torchvision says itself; where it names the network, the count here is asserted to be that.
"""

import json
from pathlib import Path

import timm
import torch
import torchvision
from backbones import MODELS
from torch.utils.flop_counter import FlopCounterMode

GOLDEN = Path(__file__).resolve().parents[2] / "crates/tl-backbones/tests/golden/complexity.json"
# The network for which torchvision publishes numbers has its own auxiliary head; without it, only the operations agree.
PUBLISHED_AS = {"inception_v3_aux": "inception_v3", "inception_v3": None}


def weights_of(name):
    """torchvision's first weights for the architecture, None where the network is timm's."""
    name = PUBLISHED_AS.get(name, name)
    return torchvision.models.get_model_weights(name).IMAGENET1K_V1 if name in torchvision.models.list_models() else None


def side(name, model):
    """Of the square pictures that the published weights were trained on."""
    if hasattr(model, "default_cfg"):
        return model.default_cfg["input_size"][-1]
    return weights_of("inception_v3_aux" if name == "inception_v3" else name).transforms().crop_size[0]


def complexity(row):
    with torch.device("meta"):
        model = row.make().eval()
    size = side(row.name, model)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, size, size, device="meta"))
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    found = {
        "input_size": size,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply_adds": flops // 2,
    }
    weights = None if hasattr(model, "default_cfg") else weights_of(row.name)
    if weights is not None:
        found["published"] = {"num_params": weights.meta["num_params"], "gigaops": weights.meta["_ops"]}
        assert found["parameters"] == weights.meta["num_params"], row.name
        assert round(flops / 2e9, 3) == weights.meta["_ops"], (row.name, flops)
    return found


def main():
    versions = ", ".join(f"{m.__name__} {m.__version__.split('+')[0]}" for m in (torch, torchvision, timm))
    table = {row.name: complexity(row) for row in MODELS}
    about = f"Written by xtask/reference/complexity.py with {versions}."
    lines = [f' "{name}": {json.dumps(found)}' for name, found in sorted(table.items())]
    GOLDEN.write_text("{\n" + ",\n".join([f' "about": {json.dumps(about)}', *lines]) + "\n}\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
