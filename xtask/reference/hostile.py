"""Files that a folder of pictures may hold and should not: damaged, mislabelled, absurd, rare, and what to make of each.

Run:    python xtask/reference/hostile.py      (needs numpy, pillow)
Writes: datasets/hostile/NAME             the files
        datasets/hostile/manifest.json    for each, what is expected

expect: "read": upright size and the mean colour of each quarter as Pillow reads it, transparency on white, within
`tolerance` levels; "rejected": how the reason begins; "either": damage that a decoder may or may not see, but has to
survive. Pipes and loops of links are made by the test.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "datasets/hostile"
W, H = 48, 32
TRUNCATED = "ends too early"
CASES = []


def scene(width=W, height=H):
    """No two of its orientations look alike."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    rgb = [255 * x, 255 * y * 1.4, 128 + 90 * np.sin(7 * x * (1 + y))]
    return Image.fromarray(np.stack(rgb, -1).clip(0, 255).astype(np.uint8))


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def quarters(content):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if image.mode in ("I;16", "I"):
        image = Image.fromarray(np.round(np.asarray(image).astype(float) / 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    rgb = np.asarray(image.convert("RGB")).astype(float)
    h, w, _ = rgb.shape
    parts = [rgb[: h - h // 2, : w - w // 2], rgb[: h - h // 2, w // 2 :], rgb[h // 2 :, : w - w // 2], rgb[h // 2 :, w // 2 :]]
    return w, h, [[round(float(v), 2) for v in part.mean((0, 1))] for part in parts]


def write(name, content):
    assert not any(case["file"] == name for case in CASES), name
    (OUT / name).write_bytes(content)


def read(name, content, tolerance=0.5, like=None):
    write(name, content)
    width, height, means = quarters(like or content)
    CASES.append({"file": name, "expect": "read", "width": width, "height": height, "means": means, "tolerance": tolerance})


def rejected(name, content, reason):
    write(name, content)
    CASES.append({"file": name, "expect": "rejected", "reason": reason})


def either(name, content):
    write(name, content)
    CASES.append({"file": name, "expect": "either"})


def png(chunks):
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return out


def png_header(width, height, depth=8, color=2):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)


def jpeg_header(width, height, components=3, marker=0xC0, precision=8):
    frame = struct.pack(">BHHB", precision, height, width, components)
    frame += b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    return b"\xff\xd8\xff" + bytes([marker]) + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xd9"


def bmp_header(width, height):
    return b"BM" + struct.pack("<IHHIIiiHH", 54, 0, 0, 54, 40, width, height, 1, 24) + bytes(24)


def seeds():
    rgb = scene()
    return {
        "jpeg.jpg": saved(rgb, "JPEG", quality=90),
        "progressive.jpg": saved(rgb, "JPEG", quality=90, progressive=True),
        "rgb.png": saved(rgb, "PNG"),
        "palette.png": saved(rgb.quantize(32), "PNG"),
        "lossless.webp": saved(rgb, "WEBP", lossless=True),
        "lossy.webp": saved(rgb, "WEBP", quality=80),
        "still.gif": saved(rgb.quantize(32), "GIF"),
        "plain.bmp": saved(rgb, "BMP"),
        "plain.tiff": saved(rgb, "TIFF"),
    }


def truncations():
    for name, content in seeds().items():
        read(name, content, 1.5 if name.endswith("jpg") or "lossy" in name else 0.5)
        for sixteenths in (1, 3, 5, 8, 10, 13, 15):
            length = max(len(content) * sixteenths // 16, 13)
            rejected(f"cut-{sixteenths:02}-{name}", content[:length], TRUNCATED)
    jpeg = seeds()["jpeg.jpg"]
    for cut in (1, 2, 3):
        rejected(f"without-last-{cut}.jpg", jpeg[:-cut], TRUNCATED)
    for length in (2, 3, 4, 20):
        reason = "not a picture" if length == 2 else TRUNCATED
        rejected(f"first-{length}.jpg", jpeg[:length], reason)
    rejected("half-zeros.jpg", jpeg[: len(jpeg) // 2] + bytes(len(jpeg) - len(jpeg) // 2), TRUNCATED)


def mislabelled():
    jpeg, flat = seeds()["jpeg.jpg"], seeds()["rgb.png"]
    read("jpeg-named.png", jpeg, 1.5)
    read("png-named.jpg", flat)
    read("webp-named.jpeg", seeds()["lossless.webp"])
    read("gif-named.png", seeds()["still.gif"])
    read("bmp-named.jpg", seeds()["plain.bmp"])
    read("UPPER.JPG", jpeg, 1.5)
    for name, content, reason in [
        ("empty.jpg", b"", "the file is empty"),
        ("empty.png", b"", "the file is empty"),
        ("one-byte.jpg", b"\xff", "not a picture"),
        ("zeros.jpg", bytes(4096), "not a picture"),
        ("ones.png", b"\xff" * 4096, "not a picture"),
        ("text.jpg", b"hello, world\n", "not a picture (it is text)"),
        ("page.jpg", b"<!DOCTYPE html><title>404 Not Found</title>", "not a picture (it is an HTML page"),
        ("error.png", b"<html><body>quota exceeded</body></html>", "not a picture (it is an HTML page"),
        ("data.jpg", b"<?xml version='1.0'?><Error/>", "not a picture (it is an XML file)"),
        ("pointer.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "not a picture (it is a pointer of git-lfs"),
        ("document.jpg", b"%PDF-1.7\n%" + bytes(64), "not a picture (it is a PDF)"),
        ("archive.jpg", b"PK\x03\x04" + bytes(64), "not a picture (it is a ZIP archive"),
        ("packed.png", b"\x1f\x8b\x08" + bytes(64), "not a picture (it is a gzip archive"),
        ("video.jpg", b"\0\0\0\x18ftypisom" + bytes(64), "not a picture (it is a video)"),
        ("film.png", b"\x1a\x45\xdf\xa3" + bytes(64), "not a picture (it is a video)"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is not supported"),
        ("phone.jpg", b"\0\0\0\x18ftypheic" + bytes(64), "HEIC is not supported"),
        ("modern.jpg", b"\0\0\0\x18ftypavif" + bytes(64), "AVIF is not supported"),
        ("new.jpg", b"\xff\x0a" + bytes(64), "JPEG XL is not supported"),
        ("old.jpg", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64), "JPEG 2000 is not supported"),
        ("layers.png", b"8BPS\0\1" + bytes(64), "PSD is not supported"),
        ("icon.png", b"\0\0\1\0\1\0" + bytes(64), "ICO is not supported"),
        ("quick.png", b"qoif" + bytes(64), "QOI is not supported"),
        ("bright.png", b"\x76\x2f\x31\x01" + bytes(64), "OpenEXR is not supported"),
        ("texture.png", b"DDS " + bytes(64), "DDS is not supported"),
    ]:
        rejected(name, content, reason)
    text, script = b"GIF89a=1;/*" + bytes(64), jpeg + b"<?php phpinfo(); ?>"
    either("script.gif", text)
    read("script-behind.jpg", script, 1.5)


def absurd():
    too_wide = "its header says 65535 x 65535 pixels"
    gif = lambda w, h: b"GIF89a" + struct.pack("<HHBBB", w, h, 0, 0, 0) + b";"
    tiff = b"II*\0\x08\0\0\0\x02\0" + struct.pack("<HHIIHHIII", 256, 4, 1, 65535, 257, 4, 1, 65535, 0)
    for name, content, reason in [
        ("wide.png", png([png_header(65535, 65535), (b"IDAT", b""), (b"IEND", b"")]), too_wide),
        ("wide.jpg", jpeg_header(65535, 65535), too_wide),
        ("wide.bmp", bmp_header(65535, 65535), too_wide),
        ("wide.gif", gif(65535, 65535), too_wide),
        ("many.png", png([png_header(16000, 16000), (b"IEND", b"")]), "its header says 16000 x 16000 pixels"),
        ("many.jpg", jpeg_header(16384, 16384), "its header says 16384 x 16384 pixels"),
        ("flat.png", png([png_header(0, 9), (b"IEND", b"")]), "corrupt (its header says 0 x 9 pixels)"),
        ("flat.jpg", jpeg_header(9, 0), "corrupt (its header says 9 x 0 pixels)"),
        ("flat.gif", gif(0, 0), "corrupt (its header says 0 x 0 pixels)"),
        ("two.jpg", jpeg_header(8, 8, components=2), "uses a feature that is not supported (2 colour components)"),
        ("nothing.jpg", b"\xff\xd8\xff\xd9", "corrupt (no frame header"),
        ("no-scan.jpg", jpeg_header(8, 8), ""),
        ("arithmetic.jpg", jpeg_header(8, 8, marker=0xC9), ""),
        ("lossless.jpg", jpeg_header(8, 8, marker=0xC3), ""),
        ("twelve-bits.jpg", jpeg_header(8, 8, marker=0xC1, precision=12), ""),
        ("negative.bmp", bmp_header(-9, 9), ""),
        ("wide.tiff", tiff, ""),
        # 10,000 x 10,000 pixels of one colour in a few kilobytes.
        ("bomb.png", png([png_header(10000, 10000), (b"IDAT", zlib.compress(bytes(30001) * 40, 9)), (b"IEND", b"")]), "decoding it takes 300,000,000 bytes"),
        ("bomb-gray.png", png([png_header(12000, 12000, 1, 0), (b"IDAT", zlib.compress(bytes(1501) * 40, 9)), (b"IEND", b"")]), "decoding it takes 144,000,000 bytes"),
        ("bomb.jpg", jpeg_header(12000, 12000), "decoding it takes 432,000,000 bytes"),
        ("bomb-progressive.jpg", jpeg_header(6000, 6000, marker=0xC2), "decoding it takes 324,000,000 bytes"),
        ("bomb.gif", gif(13000, 13000), ""),
    ]:
        rejected(name, content, reason)
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(scene()))
    picture = (b"IDAT", zlib.compress(rows))
    for kind, label in ((b"zTXt", "text"), (b"iCCP", "profile")):
        bomb = b"Comment\0\0" + zlib.compress(bytes(40_000_000), 9)
        either(f"bomb-{label}.png", png([png_header(W, H), (kind, bomb), picture, (b"IEND", b"")]))
    either("short-data.png", png([png_header(W, H), (b"IDAT", zlib.compress(rows[:-200])), (b"IEND", b"")]))
    either("long-data.png", png([png_header(W, H), (b"IDAT", zlib.compress(rows * 9)), (b"IEND", b"")]))
    broken = bytearray(png([png_header(W, H), picture, (b"IEND", b"")]))
    broken[-20] ^= 1
    either("wrong-checksum.png", bytes(broken))


def colors():
    rgb, gray = scene(), scene().convert("L")
    alpha = Image.fromarray((np.mgrid[:H, :W][1] * 5).clip(0, 255).astype(np.uint8))
    rgba, la = rgb.copy(), Image.merge("LA", (gray, alpha))
    rgba.putalpha(alpha)
    cmyk = rgb.convert("CMYK")
    for name, image in [("1", rgb.convert("1")), ("l", gray), ("p", rgb.quantize(16)), ("la", la), ("rgba", rgba)]:
        read(f"mode-{name}.png", saved(image, "PNG"))
    for colors in (2, 4, 16):
        bits = {2: 1, 4: 2, 16: 4}[colors]
        read(f"palette-{bits}-bits.png", saved(rgb.quantize(colors), "PNG", bits=bits))
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    read("gray-16-bits.png", saved(deep, "PNG"))
    wide = (np.asarray(rgb).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    deep_rgb = png([png_header(W, H, 16, 2), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])
    read("rgb-16-bits.png", deep_rgb, like=saved(rgb, "PNG"))
    read("colour-key.png", saved(rgb.quantize(16), "PNG", transparency=3))
    for name, image, options in [
        ("gray", gray, {}), ("cmyk-adobe", cmyk, {}), ("444", rgb, {"subsampling": 0}), ("422", rgb, {"subsampling": 1}),
        ("quality-1", rgb, {"quality": 1}), ("quality-100", rgb, {"quality": 100}), ("restart", rgb, {"restart_marker_blocks": 2}),
        ("progressive-gray", gray, {"progressive": True}), ("progressive-cmyk", cmyk, {"progressive": True}),
        ("one-pixel", scene(1, 1), {}), ("one-row", scene(90, 1), {}), ("one-column", scene(1, 90), {}), ("rgb-stored", rgb, {"keep_rgb": True}),
    ]:
        read(f"jpeg-{name}.jpg", saved(image, "JPEG", **options), 1.5)
    adobe = saved(cmyk, "JPEG")
    at = adobe.index(b"\xff\xee")
    plain = adobe[:at] + adobe[at + 2 + struct.unpack(">H", adobe[at + 2 : at + 4])[0] :]
    either("jpeg-cmyk-plain.jpg", plain)
    for name, image in [("1", rgb.convert("1")), ("l", gray), ("p", rgb.quantize(64)), ("rgba", rgba)]:
        read(f"mode-{name}.bmp", saved(image, "BMP"), like=saved(image.convert("RGB"), "PNG") if name == "rgba" else None)
    for name, image, options in [
        ("1", rgb.convert("1"), {}), ("l", gray, {}), ("lzw", rgb, {"compression": "tiff_lzw"}),
        ("deflate", rgb, {"compression": "tiff_adobe_deflate"}), ("packbits", rgb, {"compression": "packbits"}), ("rgba", rgba, {}),
    ]:
        read(f"tiff-{name}.tiff", saved(image, "TIFF", **options))
    for name, image in (("p", rgb.quantize(16)), ("cmyk", cmyk), ("lab", Image.merge("LAB", rgb.split()))):
        either(f"tiff-{name}.tiff", saved(image, "TIFF"))
    read("alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True))
    read("transparent.gif", saved(rgb.quantize(16), "GIF", transparency=2))


def turned_and_animated():
    rgb = scene()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        read(f"exif-{orientation}.jpg", saved(rgb, "JPEG", quality=92, exif=exif), 1.5)
    exif[0x0112] = 6
    read("exif-6.png", saved(rgb, "PNG", exif=exif))
    read("exif-6.webp", saved(rgb, "WEBP", lossless=True, exif=exif))
    jpeg = saved(rgb, "JPEG", quality=92, exif=exif)
    at = jpeg.index(b"Exif\0\0")
    read("exif-broken.jpg", jpeg[: at + 6] + b"\xff" * 8 + jpeg[at + 14 :], 1.5, like=saved(rgb, "JPEG", quality=92))
    frames = [rgb, rgb.transpose(Image.Transpose.ROTATE_180), rgb.convert("L").convert("RGB")]
    for kind, name in (("GIF", "animated.gif"), ("PNG", "animated.png"), ("WEBP", "animated.webp")):
        options = {"lossless": True} if kind == "WEBP" else {}
        read(name, saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options), 1.0)


def damaged():
    rng = np.random.RandomState(1)
    jpeg = seeds()["jpeg.jpg"]
    scan = jpeg.index(b"\xff\xda") + 14
    tables = jpeg.index(b"\xff\xdb")
    read("junk-between.jpg", jpeg[:tables] + b"junk" + jpeg[tables:], 1.5, like=jpeg)
    read("junk-behind.jpg", jpeg + bytes(500), 1.5, like=jpeg)
    for name, start, reason in (("early", 20, "corrupt ("), ("late", 250, "")):
        rejected(f"no-code-{name}.jpg", jpeg[: scan + start] + b"\xff\0" * 40 + jpeg[scan + start + 80 :], reason)
    either("end-in-the-middle.jpg", jpeg[: scan + 300] + b"\xff\xd9" + jpeg[scan + 300 :])
    either("restart-unasked.jpg", jpeg[: scan + 300] + b"\xff\xd0" + jpeg[scan + 300 :])
    either("two-pictures.jpg", jpeg + jpeg)
    either("start-twice.jpg", jpeg[:2] + jpeg)
    tables = jpeg.index(b"\xff\xc4")
    either("no-tables.jpg", jpeg[:tables] + jpeg[jpeg.index(b"\xff\xda") :])
    restart = saved(scene(), "JPEG", restart_marker_blocks=1)
    either("restart-missing.jpg", restart.replace(b"\xff\xd1", b"", 1))
    either("restart-swapped.jpg", restart.replace(b"\xff\xd1", b"\xff\xd3", 1))
    for name, content in seeds().items():
        for number in range(4):
            flipped = bytearray(content)
            for at in rng.randint(12, len(content), 3):
                flipped[at] ^= 1 << rng.randint(8)
            either(f"flipped-{number}-{name}", bytes(flipped))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for make in (truncations, mislabelled, absurd, colors, turned_and_animated, damaged):
        make()
    rows = ",\n".join(f"    {json.dumps(case)}" for case in CASES)
    (OUT / "manifest.json").write_text(
        f'{{\n  "script": "xtask/reference/hostile.py",\n  "cases": [\n{rows}\n  ]\n}}\n'
    )
    print(f"{len(CASES)} files, {sum(p.stat().st_size for p in OUT.iterdir())} bytes")


if __name__ == "__main__":
    main()
