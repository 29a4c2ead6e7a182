"""Pillow's `Image.resize` as the reference of the project's own resampling.

Run:    python xtask/reference/resize.py      (needs pillow, scikit-image)
Writes: crates/tl-image/tests/golden/resize/src_97x131.png, src_160x90.png    crops of scikit-image's pictures
        crates/tl-image/tests/golden/resize/NAME__WxH__FILTER.png             the source resized, 8-bit RGB
        crates/tl-image/tests/golden/resize/index.json                        what is what

Pillow resizes the width first and then the height, rounding to 8 bits between the two; the filter's support grows
with the scale when it reduces (antialiasing).
"""

import json
from pathlib import Path

import PIL
import skimage
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-image/tests/golden/resize"
DATA = Path(skimage.__file__).parent / "data"
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
SOURCES = {  # name: (picture, left, top), sizes
    "src_97x131": (("chelsea.png", 120, 70), [(64, 64), (33, 47), (150, 200), (97, 40), (5, 3)]),
    "src_160x90": (("coffee.png", 230, 120), [(64, 64), (33, 47), (150, 200), (40, 90), (224, 224)]),
}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    cases = []
    for name, ((picture, left, top), sizes) in SOURCES.items():
        w, h = map(int, name.removeprefix("src_").split("x"))
        source = Image.open(DATA / picture).convert("RGB").crop((left, top, left + w, top + h))
        source.info.clear()  # else the picture's ICC profile goes into every file
        source.save(OUT / f"{name}.png", optimize=True)
        for w, h in sizes:
            for filter, code in FILTERS.items():
                if (w, h) == (224, 224) and filter == "bilinear":
                    continue  # one of this size is enough for the folder's weight
                file = f"{name}__{w}x{h}__{filter}.png"
                source.resize((w, h), code).save(OUT / file, optimize=True)
                cases.append({"source": f"{name}.png", "file": file, "width": w, "height": h, "filter": filter})

    about = (
        "Crops of scikit-image's chelsea (CC0, Stefan van der Walt) and coffee (CC0, Rachel Michetti), and what "
        "Pillow's Image.resize makes of them."
    )
    rows = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    versions = {"PIL": PIL.__version__, "skimage": skimage.__version__}
    (OUT / "index.json").write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "script": "xtask/reference/resize.py",\n'
        f'  "versions": {json.dumps(versions)},\n  "cases": [\n{rows}\n  ]\n}}\n'
    )
    print(f"{len(cases)} cases, {sum(p.stat().st_size for p in OUT.iterdir())} bytes")


if __name__ == "__main__":
    main()
