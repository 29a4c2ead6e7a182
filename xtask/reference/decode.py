"""Small pictures in many formats, with the 8-bit RGB that Pillow reads from each.

Run:    python xtask/reference/decode.py      (needs numpy, pillow, scikit-image)
Writes: crates/tl-image/tests/golden/decode/NAME.EXT             the picture in one format
        crates/tl-image/tests/golden/decode/NAME.expected.png    what to read from it: lossless 8-bit RGB
        crates/tl-image/tests/golden/decode/index.json           what is what

Expected: EXIF orientation applied, the palette expanded, CMYK by Pillow's convert("RGB"), alpha composited on white
by Pillow's alpha_composite, 16-bit samples v -> round(v / 257), the first frame of an animation.
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
import skimage
from PIL import Image, ImageOps, features

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-image/tests/golden/decode"
W, H = 48, 32
ORIENTATION = 0x0112  # the EXIF tag


def base():
    """An asymmetric 48x32 piece of coffee: no two of its eight orientations look alike."""
    picture = Image.open(Path(skimage.__file__).parent / "data/coffee.png").convert("RGB")
    image = picture.crop((180, 60, 480, 260)).resize((W, H), Image.LANCZOS)
    image.info.clear()
    return image


def as_read(path):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def cmyk(rgb):
    """Half of the common ink goes to K: Pillow's own convert("CMYK") leaves K empty."""
    ink = 255 - np.asarray(rgb).astype(int)
    black = ink.min(axis=2, keepdims=True) // 2
    rest = (ink - black) * 255 // (255 - black)
    return Image.fromarray(np.concatenate([rest, black], axis=2).astype(np.uint8), "CMYK")


def deep(array8, rng):
    """16-bit samples that round(v / 257) takes back to `array8`, and that v >> 8 often does not."""
    noise = rng.randint(-100, 101, array8.shape)
    return np.clip(array8.astype(int) * 257 + noise, 0, 65535).astype(np.uint16)


def write_png16(path, array):
    """16-bit RGB PNG, which Pillow does not write."""
    h, w, _ = array.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in [
        (b"IHDR", struct.pack(">IIBBBBB", w, h, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]:
        png += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(png)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.RandomState(0)
    rgb = base()
    gray = rgb.convert("L")
    palette = rgb.quantize(64, dither=Image.Dither.NONE)
    y, x = np.mgrid[:H, :W]
    ramp = np.clip((x * 8 + y * 4 - 96) * 255 // 312, 0, 255)  # 0 and 255 are both reached
    alpha = Image.fromarray(ramp.astype(np.uint8))
    rgba, la = rgb.copy(), Image.merge("LA", (gray, alpha))
    rgba.putalpha(alpha)
    cases = []

    def case(name, ext, write, tolerance="lossless", expected=None):
        path = OUT / f"{name}.{ext}"
        write(path)
        (expected or as_read(path)).save(OUT / f"{name}.expected.png", optimize=True, icc_profile=None, exif=None)
        cases.append(
            {"name": name, "file": path.name, "expected": f"{name}.expected.png", "tolerance_note": tolerance}
        )

    def saved(image, **options):
        return lambda path: image.save(path, **options)

    case("jpeg_rgb", "jpg", saved(rgb, quality=90), "jpeg")
    case("jpeg_gray", "jpg", saved(gray, quality=90), "jpeg")
    case("jpeg_cmyk", "jpg", saved(cmyk(rgb), quality=90), "jpeg")
    case("jpeg_progressive", "jpg", saved(rgb, quality=90, progressive=True), "jpeg")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        case(f"jpeg_exif{orientation}", "jpg", saved(rgb, quality=90, exif=exif), "jpeg")

    case("png_rgb", "png", saved(rgb))
    case("png_rgba", "png", saved(rgba))
    case("png_palette", "png", saved(palette))
    levels = bytes(i * 255 // 63 for i in range(64))  # tRNS: one alpha per palette entry, 0 .. 255
    case("png_palette_alpha", "png", saved(palette, transparency=levels))
    case("png_gray", "png", saved(gray))
    case("png_gray_alpha", "png", saved(la))
    case("png_gray16", "png", saved(Image.fromarray(deep(np.asarray(gray), rng))), expected=gray.convert("RGB"))
    deep_rgb = deep(np.asarray(rgb), rng)
    case("png_rgb16", "png", lambda path: write_png16(path, deep_rgb), expected=rgb)

    case("webp_lossless", "webp", saved(rgb, lossless=True))
    case("webp_lossy", "webp", saved(rgb, quality=90), "jpeg")
    second = palette.transpose(Image.Transpose.ROTATE_180)
    case("gif_animated", "gif", saved(palette, save_all=True, append_images=[second], duration=100))
    case("bmp_rgb", "bmp", saved(rgb))
    case("tiff_rgb", "tiff", saved(rgb))

    about = (
        "The same 48x32 piece of scikit-image's coffee (CC0, Rachel Michetti) in many formats. tolerance_note: "
        "lossless = equal to the byte; jpeg = a lossy codec (WebP too), where right decoders differ by a few levels."
    )
    versions = {"PIL": PIL.__version__, "skimage": skimage.__version__, "numpy": np.__version__}
    versions |= {"libjpeg-turbo": features.version("libjpeg_turbo"), "libwebp": features.version("webp")}
    rows = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    (OUT / "index.json").write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "script": "xtask/reference/decode.py",\n'
        f'  "versions": {json.dumps(versions)},\n  "cases": [\n{rows}\n  ]\n}}\n'
    )
    print(f"{len(cases)} cases, {sum(p.stat().st_size for p in OUT.iterdir())} bytes")


if __name__ == "__main__":
    main()
