"""Writes the state dict of a network of three layers in every format of PyTorch, for crates/tl-weights/tests/load.

The k-th key in alphabetical order has the values (7k + i) / 64, i = 0, 1, 2, ...: exact in f16, rounded in bf16.

    python3 xtask/reference/formats.py crates/tl-weights/tests/golden

Needs torch (any version from 1.6 on) and safetensors. The tar is put together by hand, for PyTorch stopped writing it
with 0.1.10; it is then read back by torch.load.
"""

import io
import pickle
import struct
import sys
import tarfile
from collections import OrderedDict
from pathlib import Path

import safetensors.torch
import torch

SHAPES = {
    "bn.bias": [4],
    "bn.running_mean": [4],
    "bn.running_var": [4],
    "bn.weight": [4],
    "conv.bias": [4],
    "conv.weight": [4, 3, 3, 3],
    "fc.bias": [2],
    "fc.weight": [2, 4],
}


def state_dict() -> OrderedDict:
    state = OrderedDict()
    for k, (key, shape) in enumerate(SHAPES.items()):
        count = torch.Size(shape).numel()
        state[key] = ((torch.arange(count, dtype=torch.float32) + 7 * k) / 64).reshape(shape)
    # A view with strides of its own, and a counter as every network has them.
    state["fc.weight"] = state["fc.weight"].t().contiguous().t()
    state["bn.num_batches_tracked"] = torch.tensor(3)
    return state


def write_tar(state: OrderedDict, path: Path) -> None:
    """The layout that `legacy_load` in torch/serialization.py reads."""
    tensors = {key: tensor for key, tensor in state.items() if tensor.dtype == torch.float32}
    storages, records = io.BytesIO(), io.BytesIO()
    pickle.dump(len(tensors), storages, protocol=2)
    pickle.dump(len(tensors), records, protocol=2)
    for number, tensor in enumerate(tensors.values()):
        values = tensor.t().contiguous() if tensor.dim() == 2 else tensor
        pickle.dump((100 + number, "cpu", torch.FloatStorage), storages, protocol=2)
        storages.write(struct.pack("<q", tensor.numel()) + values.numpy().tobytes())
        pickle.dump((200 + number, 100 + number, torch.FloatTensor), records, protocol=2)
        dims = tensor.dim()
        records.write(struct.pack(f"<ii{dims}q{dims}qq", dims, 0, *tensor.shape, *tensor.stride(), 0))
    pickle.dump([], storages, protocol=2)

    places = {id(tensor): str(200 + number) for number, tensor in enumerate(tensors.values())}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return places.get(id(value))

    root = io.BytesIO()
    Pickler(root, protocol=2).dump(OrderedDict(tensors))
    system = {"protocol_version": 1000, "little_endian": True}
    entries = {
        "sys_info": pickle.dumps(system, protocol=2),
        "pickle": root.getvalue(),
        "tensors": records.getvalue(),
        "storages": storages.getvalue(),
    }
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def main(folder: Path) -> None:
    state = state_dict()
    torch.save(state, folder / "zip.pth")
    torch.save(state, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": state}, folder / "wrapped.pth")
    write_tar(state, folder / "tar.pth")
    for name, dtype in [("f64", torch.float64), ("f32", torch.float32), ("f16", torch.float16)]:
        tensors = {key: tensor.to(dtype).contiguous() for key, tensor in state.items() if tensor.is_floating_point()}
        safetensors.torch.save_file(tensors, folder / f"{name}.safetensors")
    halves = {key: tensor.to(torch.bfloat16) for key, tensor in state.items() if tensor.is_floating_point()}
    torch.save(halves, folder / "bf16.pth")
    for name in ["zip.pth", "legacy.pth", "tar.pth"]:
        again = torch.load(folder / name, weights_only=False)
        assert all(torch.equal(again[key], state[key]) for key in SHAPES), name


if __name__ == "__main__":
    main(Path(sys.argv[1]))
