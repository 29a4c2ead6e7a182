"""ImageNet-1k class names in index order, one a line, as torchvision ships them.

Run:    python xtask/reference/imagenet_classes.py        (needs torchvision)
Writes: crates/tl-weights/assets/imagenet_classes.txt     (1000 lines; line i, from 0, names class i)

The names are unique: torchvision tells apart what ImageNet calls the same ("crane" the machine, "crane bird").
"""

from pathlib import Path

from torchvision.models._meta import _IMAGENET_CATEGORIES as NAMES

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-weights/assets/imagenet_classes.txt"

assert len(set(NAMES)) == len(NAMES) == 1000 and NAMES[967] == "espresso"
assert all(name == name.strip() and "\n" not in name for name in NAMES)
OUT.write_text("".join(f"{name}\n" for name in NAMES), encoding="utf-8")
print(f"{OUT.relative_to(ROOT)}: {len(NAMES)} lines")
