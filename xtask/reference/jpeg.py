"""JPEG pictures in every sampling that our own decoder reads, with the pixels of libjpeg-turbo, whole and reduced.

Run:    python xtask/reference/jpeg.py      (needs numpy, pillow, scikit-image)
Writes: crates/tl-image/tests/golden/jpeg/NAME.jpg       one picture
        crates/tl-image/tests/golden/jpeg/index.json     its size, and for each reduction the size and CRC-32 of its RGB

The pixels are those of Pillow (libjpeg-turbo, accurate integer transform, "fancy" chroma); reductions 2, 4 and 8 by
Image.draft. 4:4:0, which Pillow does not write, is a square 4:2:2 picture whose sampling factors were exchanged.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import PIL
import skimage
from PIL import Image, features

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-image/tests/golden/jpeg"


def photo(width, height):
    picture = Image.open(Path(skimage.__file__).parent / "data/coffee.png").convert("RGB")
    image = picture.crop((100, 20, 500, 320)).resize((width, height), Image.LANCZOS)
    image.info.clear()
    return image


def noise(width, height):
    return Image.fromarray(np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8))


def exchange_sampling(path):
    """4:2:2 to 4:4:0: byte 11 of the frame header has luma's factors."""
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xc0") + 11
    assert data[at] == 0x21
    data[at] = 0x12
    path.write_bytes(data)


def reductions(path):
    for reduction in (1, 2, 4, 8):
        image = Image.open(path)
        width, height = (-(-side // reduction) for side in image.size)
        if reduction > 1:
            image.draft(None, (max(image.width // reduction, 1), max(image.height // reduction, 1)))
            if image.size != (width, height):
                continue
        rgb = np.asarray(image.convert("RGB"))
        yield {"reduction": reduction, "width": width, "height": height, "crc32": zlib.crc32(rgb.tobytes())}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    cases = []

    def case(name, image, **options):
        path = OUT / f"{name}.jpg"
        image.save(path, **options)
        if name.startswith("440"):
            exchange_sampling(path)
        cases.append({"file": path.name, "pixels": list(reductions(path))})

    case("photo_420", photo(320, 240), quality=90, subsampling="4:2:0")
    for sampling in ("4:4:4", "4:2:2", "4:2:0"):
        short = sampling.replace(":", "")
        for quality in (10, 75, 100):
            case(f"{short}_q{quality}", photo(99, 67), quality=quality, subsampling=sampling)
        case(f"{short}_noise", noise(37, 41), quality=95, subsampling=sampling)
        case(f"{short}_restart", photo(70, 50), quality=85, subsampling=sampling, restart_marker_blocks=3)
        case(f"{short}_optimised", photo(64, 48), quality=80, subsampling=sampling, optimize=True)
        case(f"{short}_small", photo(7, 5), quality=90, subsampling=sampling)
        case(f"{short}_dot", photo(1, 1), quality=90, subsampling=sampling)
    case("440_q80", photo(64, 64), quality=80, subsampling="4:2:2")
    case("440_noise", noise(64, 64), quality=90, subsampling="4:2:2")
    for quality in (10, 75, 100):
        case(f"gray_q{quality}", photo(99, 67).convert("L"), quality=quality)
    case("gray_restart", photo(70, 50).convert("L"), quality=85, restart_marker_rows=1)

    versions = {"PIL": PIL.__version__, "libjpeg-turbo": features.version("libjpeg_turbo"), "numpy": np.__version__}
    about = "Pieces of scikit-image's coffee (CC0, Rachel Michetti) and noise. crc32: of the RGB bytes, row by row."
    rows = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    (OUT / "index.json").write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "script": "xtask/reference/jpeg.py",\n'
        f'  "versions": {json.dumps(versions)},\n  "cases": [\n{rows}\n  ]\n}}\n'
    )
    print(f"{len(cases)} cases, {sum(p.stat().st_size for p in OUT.iterdir())} bytes")


if __name__ == "__main__":
    main()
