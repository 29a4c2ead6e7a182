"""TIFF files of every combination that readers claim, and what is to be read from each.

Run:    python xtask/reference/tiff.py      (needs numpy, tifffile, imagecodecs, pillow)
Writes: crates/tl-image/tests/golden/containers/tiff.tar.gz    the files, index.json, and NAME.rgb: 8-bit RGB, row by row

Expected pixels come from the array that was written, by numpy and these rules, never from a reader:
    v of up to 8 bits -> v * 255 / (2^bits - 1), of 9 to 16 bits -> scaled to 16 bits, then round(v / 257)
    floating point from 0 to 1 -> round(v * 255)
    unassociated alpha c * a + (1 - a) * white, associated alpha c + (1 - a) * white, unspecified samples dropped
    CMYK (1 - c) * (1 - k); YCbCr by the coefficients in the file; the colour map's upper 8 bits
and otherwise a refusal that names the feature. The files are written by `written`, and read back by tifffile where it
reads them; some are written by tifffile and Pillow themselves.
"""

import io
import itertools
import json
import struct
import tarfile
import zlib
import gzip
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-image/tests/golden/containers/tiff.tar.gz"
W, H = 9, 7
FILES, CASES, EXPECTED = {}, [], {}
NONE, LZW, JPEG, DEFLATE, PACKBITS = 1, 5, 7, 8, 32773
WHITE0, BLACK0, RGB, PALETTE, MASK, CMYK, YCBCR, CIELAB = 0, 1, 2, 3, 4, 5, 6, 8
COLOR_SAMPLES = {WHITE0: 1, BLACK0: 1, RGB: 3, PALETTE: 1, MASK: 1, CMYK: 4, YCBCR: 3, CIELAB: 3}
NAMES = {WHITE0: "white0", BLACK0: "black0", RGB: "rgb", PALETTE: "palette", MASK: "mask", CMYK: "cmyk", YCBCR: "ycbcr", CIELAB: "lab"}
UINT, INT, FLOAT = 1, 2, 3


def scene(samples):
    """Values from 0 to 1, another pattern in each sample; no two rows or columns are alike."""
    y, x = np.mgrid[:H, :W].astype(float)
    waves = [np.sin(x / (1.3 + s) + y / (1.7 + s / 2) + s) * 0.5 + 0.5 for s in range(samples)]
    waves = np.stack(waves, -1)
    waves[0, 0], waves[-1, -1] = 0, 1
    return waves


def packed(rows, bits, kind, order):
    """Rows of samples to rows of bytes."""
    if kind == FLOAT:
        return [row.astype(f"{order}f{bits // 8}").tobytes() for row in rows]
    if bits in (8, 16, 32, 64):
        return [row.astype(f"{order}{'i' if kind == INT else 'u'}{bits // 8}").tobytes() for row in rows]
    shifts = np.arange(bits - 1, -1, -1)
    return [np.packbits(((row.astype(np.int64)[:, None] >> shifts) & 1).astype(np.uint8).ravel()).tobytes() for row in rows]


def differences(row, bits, step, order, predictor):
    size = bits // 8
    if predictor == 2:
        v = np.frombuffer(row, f"{order}u{size}").copy()
        v[step:] = v[step:] - v[:-step]
        return v.tobytes()
    values = np.frombuffer(row, f"{order}u{size}").astype(f">u{size}")
    v = np.frombuffer(values.tobytes(), np.uint8).reshape(-1, size).T.ravel().copy()
    v[step:] = v[step:] - v[:-step]
    return v.tobytes()


def compressed(data, how):
    return {
        NONE: lambda d: d,
        LZW: imagecodecs.lzw_encode,
        DEFLATE: lambda d: zlib.compress(d, 9),
        PACKBITS: imagecodecs.packbits_encode,
    }[how](data)


def reversed_bits(data):
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def written(array, bits, kind, photometric, *, planar=1, tile=None, rows=None, extra=None, compression=NONE,
            predictor=1, order="<", big=False, fill=1, colormap=None, more=(), gap=0):
    """A TIFF file. `array` is [height, width, samples]; `tile` is (width, height)."""
    height, width, samples = array.shape
    cw, ch = tile or (width, rows or height)
    planes = [array[:, :, s : s + 1] for s in range(samples)] if planar == 2 else [array]
    chunks = []
    for plane in planes:
        for top in range(0, height, ch):
            for left in range(0, width, cw):
                part = plane[top : top + ch, left : left + cw]
                if tile:
                    part = np.pad(part, ((0, ch - part.shape[0]), (0, cw - part.shape[1]), (0, 0)), mode="edge")
                lines = packed(part.reshape(len(part), -1), bits, kind, order)
                if predictor > 1:
                    lines = [differences(line, bits, plane.shape[2], order, predictor) for line in lines]
                data = compressed(b"".join(lines), compression)
                chunks.append(reversed_bits(data) if fill == 2 else data)
    tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples), (259, 3, [compression]), (262, 3, [photometric]), (277, 3, [samples]), (284, 3, [planar]), (339, 3, [kind] * samples)]
    tags += [(266, 3, [fill])] if fill != 1 else []
    tags += [(317, 3, [predictor])] if predictor > 1 else []
    tags += [(338, 3, extra)] if extra else []
    tags += [(320, 3, colormap)] if colormap is not None else []
    tags += [(322, 3, [cw]), (323, 3, [ch])] if tile else [(278, 3, [ch])]
    return assembled(tags + list(more), chunks, bool(tile), order, big, gap)


def assembled(tags, chunks, tiled, order="<", big=False, gap=0):
    """Header, pixels, values, directory."""
    word = "Q" if big else "L"
    out = bytearray(b"II" if order == "<" else b"MM")
    out += struct.pack(order + ("HHHQ" if big else "HL"), *((43, 8, 0, 0) if big else (42, 0)))
    out += bytes(gap)
    places = []
    for chunk in chunks:
        out += bytes(len(out) % 2)
        places.append(len(out))
        out += chunk
    kind = 16 if big else 4
    tags = tags + [(324 if tiled else 273, kind, places), (325 if tiled else 279, kind, [len(chunk) for chunk in chunks])]
    entries = []
    for tag, kind, values in sorted(tags, key=lambda entry: entry[0]):
        letters = {1: "B", 2: "B", 3: "H", 4: "L", 5: "L", 7: "B", 11: "f", 16: "Q"}[kind]
        data = struct.pack(f"{order}{len(values)}{letters}", *values)
        count = len(values) // 2 if kind == 5 else len(values)
        if len(data) > (8 if big else 4):
            out += bytes(len(out) % 2)
            place = len(out)
            out += data
            data = struct.pack(order + word, place)
        entries.append(struct.pack(order + "HH" + word, tag, kind, count) + data.ljust(8 if big else 4, b"\0"))
    out += bytes(len(out) % 2)
    start = len(out)
    out += struct.pack(order + ("Q" if big else "H"), len(entries)) + b"".join(entries) + bytes(8 if big else 4)
    struct.pack_into(order + word, out, 8 if big else 4, start)
    return bytes(out)


# Rules.


def to_8(values, bits, kind):
    """Exact values from 0 to 255, as the rules say."""
    if kind == FLOAT:
        return np.round(values.astype(float) * 255)
    if bits <= 8:
        return values.astype(np.int64) * 255 // (2**bits - 1)
    full = np.round(values.astype(float) * 65535 / (2**bits - 1))
    return np.round(full / 257)


def expected_pixels(array, bits, kind, photometric, extra, colormap, coefficients=(0.299, 0.587, 0.114)):
    n = COLOR_SAMPLES[photometric]
    v = to_8(array, bits, kind)
    color = v[:, :, :n]
    if photometric == PALETTE:
        table = np.asarray(colormap).reshape(3, -1).T >> 8
        color = table[array[:, :, 0].astype(int)]
    elif photometric == WHITE0:
        color = 255 - color
    elif photometric == CMYK:
        exact = array.astype(float) / (2**bits - 1)
        color = 255 * (1 - exact[:, :, :3]) * (1 - exact[:, :, 3:4])
    elif photometric == YCBCR:
        color = rgb_of(color.astype(float), coefficients).clip(0, 255)
    color = np.broadcast_to(color, (*color.shape[:2], 3)).astype(float)
    kinds = extra or []
    at = next((i for i, e in enumerate(kinds) if e in (1, 2)), None)
    if at is not None:
        full = 1 if kind == FLOAT else 2**bits - 1
        alpha = array[:, :, n + at : n + at + 1].astype(float) / full
        color = color + (1 - alpha) * 255 if kinds[at] == 1 else color * alpha + (1 - alpha) * 255
    return np.round(color).clip(0, 255).astype(np.uint8)


def rgb_of(ycc, coefficients):
    lr, lg, lb = coefficients
    y, cb, cr = ycc[..., 0], (ycc[..., 1] - 128), (ycc[..., 2] - 128)
    r, b = y + cr * (2 - 2 * lr), y + cb * (2 - 2 * lb)
    return np.stack([r, (y - lb * b - lr * r) / lg, b], -1)


def refusal(bits, kind, photometric, extra):
    """A part of the reason for which a combination is refused, or None."""
    if kind == INT:
        return "signed whole numbers"
    if kind == UINT and bits > 16:
        return f"whole numbers of {bits} bits"
    if photometric == MASK:
        return "a mask of transparency without a picture"
    if photometric == CIELAB:
        return "CIELAB colours"
    gray = photometric in (WHITE0, BLACK0)
    if 1 in extra and not (photometric in (RGB, BLACK0)):
        return "associated alpha with colours other than RGB and gray"
    if gray and not any(e in (1, 2) for e in extra) and len(extra) > 1:
        return "bands of gray"
    if photometric in (PALETTE, CMYK, YCBCR) and kind == FLOAT:
        return "colours of"
    if photometric == CMYK and bits not in (8, 16) or photometric == YCBCR and bits != 8:
        return "colours of"
    return None


def keep(name, content, expected=None, tolerance=0, reason=None, color=None):
    assert name not in FILES, name
    FILES[name] = content
    case = {"file": name}
    if reason is not None:
        CASES.append(case | {"reason": reason})
        return
    key = expected.tobytes()
    rgb = EXPECTED.setdefault((expected.shape, key), f"{len(EXPECTED)}.rgb")
    case |= {"rgb": rgb, "width": expected.shape[1], "height": expected.shape[0], "tolerance": tolerance}
    CASES.append(case | ({"color": color} if color else {}))


def array_of(bits, kind, photometric, extra):
    n = COLOR_SAMPLES[photometric]
    values = scene(n + len(extra))
    if 1 in extra:
        values[:, :, :n] *= values[:, :, n : n + 1]
    if kind == FLOAT:
        return values.astype(f"f{bits // 8}")
    full = 2 ** (bits - 1) - 1 if kind == INT else 2**bits - 1
    whole = np.round(values * full) if bits <= 32 else np.floor(values * (full >> 11)) * 2048
    if 1 in extra:
        whole[:, :, :n] = np.minimum(whole[:, :, :n], whole[:, :, n : n + 1])
    return whole.astype(np.int64 if kind == INT else np.uint64)


def colormap_of(bits):
    table = (np.arange(3 << bits, dtype=np.int64) * 7919 + 12345) % 256 * 257
    return [int(v) for v in table]


def color_of(bits, kind, photometric, extra):
    alpha = any(e in (1, 2) for e in extra)
    if photometric == PALETTE:
        return "palette"
    if photometric == CMYK:
        return "cmyk"
    if kind == FLOAT:
        return "float"
    name = "gray" if photometric in (WHITE0, BLACK0) else "rgb"
    if name == "rgb" and alpha:
        name = "rgba"
    elif alpha:
        name = "gray-alpha"
    return name + ("16" if bits > 8 else "")


def checked(content, array, planar):
    """tifffile reads what was meant to be written."""
    with tifffile.TiffFile(io.BytesIO(content)) as tif:
        page = tif.pages[0]
        back = page.asarray()
    samples = array.shape[2]
    if samples > 1 and planar == 2:
        back = np.moveaxis(back.reshape(samples, *array.shape[:2]), 0, -1)
    back = back.reshape(array.shape)
    if not np.array_equal(back.astype(array.dtype), array):
        raise AssertionError("tifffile reads something else")


def combinations():
    """Sample format x bits x photometric interpretation x planes x extra samples; chunks, compression, byte order and
    BigTIFF take turns."""
    turns = itertools.cycle(itertools.product([None, (4, 4), (8, 4)], [NONE, LZW, DEFLATE, PACKBITS], ["<", ">"], [False, True]))
    kinds = [(UINT, b) for b in (1, 2, 4, 8, 10, 12, 16, 32, 64)] + [(INT, b) for b in (8, 16, 32, 64)] + [(FLOAT, b) for b in (16, 32, 64)]
    extras = ([], [0], [1], [2], [0, 2], [0, 0])
    for number, ((kind, bits), photometric, planar, extra) in enumerate(itertools.product(kinds, NAMES, (1, 2), extras)):
        samples = COLOR_SAMPLES[photometric] + len(extra)
        for _ in range(number % 7):
            next(turns)
        tile, compression, order, big = next(turns)
        if samples == 1 and planar == 2:
            continue
        array = array_of(bits, kind, photometric, extra)
        colormap = colormap_of(bits) if photometric == PALETTE and kind == UINT and bits <= 8 else None
        if photometric == PALETTE and kind == UINT and bits > 8 and bits <= 16:
            if bits == 16 or extra or planar == 2:
                continue  # 384 KiB of colours
            colormap = colormap_of(bits)
        more = [(530, 3, [1, 1])] if photometric == YCBCR else []
        reason = refusal(bits, kind, photometric, extra)
        if reason:
            array = array * 0  # small in the archive
        content = written(array, bits, kind, photometric, planar=planar, tile=tile, rows=3, extra=extra, compression=compression, order=order, big=big, colormap=colormap, more=more)
        if bits in (8, 16, 32, 64) and photometric not in (MASK, CIELAB, YCBCR):
            checked(content, array, planar)
        what = {UINT: "uint", INT: "int", FLOAT: "float"}[kind]
        name = f"{what}{bits}-{NAMES[photometric]}-{'separate' if planar == 2 else 'chunky'}-{'_'.join(map(str, extra)) or 'none'}.tif"
        if reason:
            keep(name, content, reason=reason)
            continue
        expected = expected_pixels(array, bits, kind, photometric, extra, colormap)
        exact = photometric not in (CMYK, YCBCR) and not any(e in (1, 2) for e in extra)
        keep(name, content, expected, 0 if exact else 1, color=color_of(bits, kind, photometric, extra))


def storage():
    """Compression x predictor x planes x chunks x byte order x order of bits, for gray and RGB of every length."""
    for (kind, bits), photometric, planar, tile, compression, predictor, order, fill in itertools.product(
        [(UINT, 1), (UINT, 8), (UINT, 12), (UINT, 16), (FLOAT, 32)], (BLACK0, RGB), (1, 2), (None, (4, 4)), (NONE, LZW, DEFLATE, PACKBITS), (1, 2, 3), "<>", (1, 2)
    ):
        if photometric == BLACK0 and planar == 2 or bits == 12 and (order == ">" or tile):
            continue
        if order == ">" and bits < 16:
            continue
        array = array_of(bits, kind, photometric, [])
        what = f"{'float' if kind == FLOAT else 'uint'}{bits}"
        name = f"stored-{what}-{NAMES[photometric]}-{planar}-{'tiles' if tile else 'strips'}-{compression}-p{predictor}-{'le' if order == '<' else 'be'}-fill{fill}.tif"
        reason = None
        if predictor > 1 and compression == NONE:
            reason = "a predictor without compression"
        elif predictor == 2 and bits in (1, 12) or predictor == 3 and bits in (1, 8, 12):
            reason = "a predictor for samples of"
        if reason:
            if order == "<" and fill == 1 and not tile:
                content = written(array, bits, kind, photometric, compression=compression, order=order, more=[(317, 3, [predictor])])
                if planar == 1:
                    keep(name, content, reason=reason)
            continue
        content = written(array, bits, kind, photometric, planar=planar, tile=tile, rows=4, compression=compression, predictor=predictor, order=order, fill=fill)
        if predictor == 3 and kind != FLOAT:
            keep(name, content, expected_pixels(array, bits, kind, photometric, [], None))
            continue
        if fill == 1 and bits != 12 and predictor != 3:
            checked(content, array, planar)
        keep(name, content, expected_pixels(array, bits, kind, photometric, [], None))


def floats():
    """Predictors of the other lengths, beside tifffile's own."""
    for bits, photometric, planar, predictor, order in itertools.product((16, 64), (BLACK0, RGB), (1, 2), (1, 2, 3), "<>"):
        if photometric == BLACK0 and planar == 2:
            continue
        array = array_of(bits, FLOAT, photometric, [])
        name = f"stored-float{bits}-{NAMES[photometric]}-{planar}-tiles-p{predictor}-{'le' if order == '<' else 'be'}.tif"
        content = written(array, bits, FLOAT, photometric, planar=planar, tile=(4, 4), compression=DEFLATE, predictor=predictor, order=order)
        checked(content, array, planar)
        keep(name, content, expected_pixels(array, bits, FLOAT, photometric, [], None))
        if planar == 1 and predictor != 2:
            out = io.BytesIO()
            tifffile.imwrite(out, array.squeeze(), photometric="rgb" if photometric == RGB else "minisblack", compression="zlib", predictor=predictor, byteorder=order, rowsperstrip=3)
            keep(f"tifffile-{name}", out.getvalue(), expected_pixels(array, bits, FLOAT, photometric, [], None))


def ycbcr():
    y, x = np.mgrid[:H, :W]
    for (h, v), order in itertools.product(itertools.product((1, 2, 4), (1, 2, 4)), "<>"):
        luma = (x * 9 + y * 3) % 200 + 30
        cb = ((x // h) * 17 + (y // v) * 29) % 180 + 40
        cr = ((x // h) * 31 + (y // v) * 7) % 160 + 50
        data = bytearray()
        for top, left in itertools.product(range(0, H, v), range(0, W, h)):
            for dy, dx in itertools.product(range(v), range(h)):
                data.append(int(luma[min(top + dy, H - 1), min(left + dx, W - 1)]))
            data += bytes([int(cb[top, left]), int(cr[top, left])])
        tags = [(256, 3, [W]), (257, 3, [H]), (258, 3, [8, 8, 8]), (259, 3, [NONE]), (262, 3, [YCBCR]), (277, 3, [3]), (278, 3, [H]), (530, 3, [h, v])]
        if (h, v) == (2, 2):
            tags = [tag for tag in tags if tag[0] != 530]  # which is the default
        expected = rgb_of(np.stack([luma, cb, cr], -1).astype(float), (0.299, 0.587, 0.114)).round().clip(0, 255)
        keep(f"ycbcr-{h}x{v}-{'le' if order == '<' else 'be'}.tif", assembled(tags, [bytes(data)], False, order), expected.astype(np.uint8), 1)
    ycc = np.stack([(x * 9 + y * 3) % 200 + 20, (x * 5) % 200 + 20, (y * 11) % 200 + 20], -1)
    tags = [(530, 3, [1, 1]), (529, 5, [2126, 10000, 7152, 10000, 722, 10000])]
    expected = rgb_of(ycc.astype(float), (0.2126, 0.7152, 0.0722)).round().clip(0, 255).astype(np.uint8)
    keep("ycbcr-bt709.tif", written(ycc, 8, UINT, YCBCR, more=tags), expected, 1)
    tags = [(530, 3, [1, 1]), (532, 5, [16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1])]
    full = np.stack([(ycc[..., 0] - 16) * 255 / 219, 128 + (ycc[..., 1] - 128) * 127 / 112, 128 + (ycc[..., 2] - 128) * 127 / 112], -1)
    keep("ycbcr-video-range.tif", written(ycc, 8, UINT, YCBCR, more=tags), rgb_of(full, (0.299, 0.587, 0.114)).round().clip(0, 255).astype(np.uint8), 1)


def other_writers():
    rgb8 = to_8(array_of(8, UINT, RGB, []), 8, UINT).astype(np.uint8)
    gray8 = np.ascontiguousarray(rgb8[:, :, 0])
    big = np.tile(rgb8, (6, 4, 1))
    def by_tifffile(array, **options):
        out = io.BytesIO()
        tifffile.imwrite(out, array, **options)
        return out.getvalue()

    gray3 = np.repeat(gray8[..., None], 3, -1)
    keep("tifffile-separate-tiles.tif", by_tifffile(np.moveaxis(big, -1, 0).copy(), photometric="rgb", planarconfig="separate", tile=(32, 32)), big, color="rgb")
    keep("tifffile-separate-strips.tif", by_tifffile(np.moveaxis(big, -1, 0).copy(), photometric="rgb", planarconfig="separate", rowsperstrip=7), big)
    keep("tifffile-separate-16.tif", by_tifffile(np.moveaxis(big, -1, 0).astype(np.uint16) * 257, photometric="rgb", planarconfig="separate", tile=(16, 48), compression="zlib", predictor=True, byteorder=">"), big, color="rgb16")
    keep("tifffile-bigtiff.tif", by_tifffile(big, photometric="rgb", bigtiff=True, compression="lzw", predictor=True, tile=(16, 16)), big)
    keep("tifffile-white.tif", by_tifffile(gray8, photometric="miniswhite"), 255 - gray3, color="gray")
    keep("tifffile-pages.tif", by_tifffile(np.stack([gray8, 255 - gray8]), photometric="minisblack"), gray3)
    keep("tifffile-float.tif", by_tifffile((gray8 / 255).astype(np.float32), compression="zlib", predictor=True), gray3, color="float")
    keep("tifffile-half.tif", by_tifffile((gray8 / 255).astype(np.float16)), to_8((gray8 / 255).astype(np.float16), 16, FLOAT).astype(np.uint8)[..., None].repeat(3, -1))
    keep("tifffile-float-255.tif", by_tifffile(gray8.astype(np.float32)), reason="floating-point samples from 0 to 255, beyond 0 to 1")
    rgba = np.dstack([rgb8, gray8])
    alpha = gray8[..., None] / 255
    for kind, expected in [("unassalpha", rgb8 * alpha + (1 - alpha) * 255), ("assocalpha", None), ("unspecified", rgb8.astype(float))]:
        stored = rgba
        if kind == "assocalpha":
            stored = np.dstack([np.minimum(rgb8, gray8[..., None]), gray8])
            expected = stored[..., :3] + (1 - alpha) * 255
        for deep in (1, 257):
            content = by_tifffile(stored.astype(np.uint8 if deep == 1 else np.uint16) * np.array(deep, np.uint16 if deep > 1 else np.uint8), photometric="rgb", extrasamples=[kind], tile=(16, 16))
            keep(f"tifffile-{kind}-{8 if deep == 1 else 16}.tif", content, expected.round().clip(0, 255).astype(np.uint8), 1)
    keep("tifffile-zstd.tif", by_tifffile(big, photometric="rgb", compression="zstd"), reason="TIFF compression Zstandard")
    for kind, name in [("webp", "WebP"), ("jpegxl", "JPEG XL"), ("jpeg2000", "JPEG 2000"), ("lzma", "LZMA")]:
        keep(f"tifffile-{kind}.tif", by_tifffile(big, photometric="rgb", compression=kind), reason=f"TIFF compression {name}")
    smooth = np.stack([np.mgrid[:64, :96][1] * 2.5, np.mgrid[:64, :96][0] * 3.9, 200 - np.mgrid[:64, :96].sum(0)], -1).clip(0, 255).astype(np.uint8)
    level = {"level": 95}
    keep("tifffile-jpeg-ycbcr.tif", by_tifffile(smooth, photometric="rgb", compression="jpeg", compressionargs=level), smooth, 6)
    keep("tifffile-jpeg-tiles.tif", by_tifffile(smooth, photometric="rgb", compression="jpeg", compressionargs=level, tile=(32, 48)), smooth, 6)
    keep("tifffile-jpeg-rgb.tif", by_tifffile(smooth, photometric="rgb", compression="jpeg", compressionargs=level | {"outcolorspace": "rgb"}), smooth, 6)
    encoded = [imagecodecs.jpeg8_encode(np.ascontiguousarray(smooth[top : top + 16, :, plane]), level=95) for plane in range(3) for top in range(0, 64, 16)]
    tags = [(256, 3, [96]), (257, 3, [64]), (258, 3, [8]), (259, 3, [JPEG]), (278, 3, [16])]
    keep("jpeg-planes.tif", assembled(tags + [(262, 3, [RGB]), (277, 3, [3]), (284, 3, [2])], encoded, False), smooth, 6)
    keep("jpeg-gray.tif", assembled(tags + [(262, 3, [BLACK0])], encoded[:4], False), np.repeat(smooth[..., :1], 3, -1), 6)
    keep("jpeg-white.tif", assembled(tags + [(262, 3, [WHITE0])], encoded[:4], False), 255 - np.repeat(smooth[..., :1], 3, -1), 6)

    def by_pillow(image, **options):
        out = io.BytesIO()
        image.save(out, "TIFF", **options)
        return out.getvalue()

    image = Image.fromarray(big)
    bilevel = (big[..., 0] > 128).astype(np.uint8) * 255
    bits = Image.fromarray(bilevel).convert("1")
    for how in (None, "group4", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        keep(f"pillow-1-{how}.tif", by_pillow(bits, compression=how), bilevel[..., None].repeat(3, -1), color="gray")
    for how, name in [("group3", "CCITT Group 3"), ("tiff_ccitt", "CCITT modified Huffman")]:
        keep(f"pillow-1-{how}.tif", by_pillow(bits, compression=how), reason=f"TIFF compression {name}")
    palette = image.quantize(40)
    keep("pillow-palette.tif", by_pillow(palette), np.asarray(palette.convert("RGB")), color="palette")
    keep("pillow-cmyk.tif", by_pillow(image.convert("CMYK")), np.asarray(image.convert("CMYK").convert("RGB")), color="cmyk")
    ycc = image.convert("YCbCr")
    keep("pillow-ycbcr.tif", by_pillow(ycc), rgb_of(np.asarray(ycc).astype(float), (0.299, 0.587, 0.114)).round().clip(0, 255).astype(np.uint8), 1)
    keep("pillow-jpeg.tif", by_pillow(Image.fromarray(smooth), compression="jpeg", quality=95), smooth, 6)
    keep("pillow-lab.tif", by_pillow(Image.merge("LAB", image.split())), reason="CIELAB colours")
    keep("pillow-la.tif", by_pillow(Image.merge("LA", (Image.fromarray(gray8), Image.fromarray(gray8)))), (gray8[..., None] * alpha + (1 - alpha) * 255).round().astype(np.uint8).repeat(3, -1), 1, color="gray-alpha")


def oddities():
    rgb = array_of(8, UINT, RGB, [])
    expected = rgb.astype(np.uint8)
    gray = array_of(8, UINT, BLACK0, [])
    gray3 = gray.astype(np.uint8).repeat(3, -1)
    keep("gap-before-pixels.tif", written(rgb, 8, UINT, RGB, gap=1000), expected)
    keep("rgba-not-said.tif", written(array_of(8, UINT, RGB, [2]), 8, UINT, RGB), expected_pixels(array_of(8, UINT, RGB, [2]), 8, UINT, RGB, [2], None), 1, color="rgba")
    keep("gray-and-what.tif", written(array_of(8, UINT, BLACK0, [2]), 8, UINT, BLACK0), reason="2 bands of gray")
    keep("twelve-bands.tif", written(np.tile(gray, (1, 1, 12)), 8, UINT, BLACK0, extra=[0] * 11), reason="12 bands of gray")
    keep("rgb-and-infrared.tif", written(np.dstack([rgb, gray]), 8, UINT, RGB, extra=[0]), expected, color="rgb")
    keep("colormap-of-bytes.tif", written(gray, 8, UINT, PALETTE, colormap=[v % 256 for v in range(768)]), gray3)
    keep("inks.tif", written(array_of(8, UINT, CMYK, []), 8, UINT, CMYK, more=[(332, 3, [2])]), reason="inks other than CMYK")
    keep("sensor.tif", written(gray, 8, UINT, 32803), reason="raw data of a camera's sensor")
    keep("old-jpeg.tif", written(rgb, 8, UINT, YCBCR, more=[(530, 3, [1, 1])]).replace(struct.pack("<HHLHH", 259, 3, 1, 1, 0), struct.pack("<HHLHH", 259, 3, 1, 6, 0)), reason="TIFF compression JPEG of the old kind")
    keep("complex.tif", written(gray, 8, 6, BLACK0), reason="complex numbers")
    keep("void.tif", written(gray, 8, 4, BLACK0), reason="sample format 4")
    keep("five-six-five.tif", assembled([(256, 3, [W]), (257, 3, [H]), (258, 3, [5, 6, 5]), (262, 3, [RGB]), (277, 3, [3]), (278, 3, [H])], [bytes(W * H * 2)], False), reason="samples of different length")
    tags = [(256, 3, [W]), (257, 3, [H]), (258, 3, [8]), (262, 3, [RGB]), (277, 3, [3]), (278, 3, [H])]
    keep("bits-said-once.tif", assembled(tags, [expected.tobytes()], False), expected)
    keep("strips-of-all-rows.tif", assembled([tag for tag in tags if tag[0] != 278] + [(278, 4, [2**32 - 1])], [expected.tobytes()], False), expected)
    keep("sparse.tif", written(rgb, 8, UINT, RGB, rows=H).replace(struct.pack("<HHLL", 273, 4, 1, 8), struct.pack("<HHLL", 273, 4, 1, 0)), reason="TIFF with strips or tiles left out")


def main():
    for make in (combinations, storage, floats, ycbcr, other_writers, oddities):
        make()
    about = {"script": "xtask/reference/tiff.py", "versions": {"tifffile": tifffile.__version__, "numpy": np.__version__}}
    contents = {"index.json": json.dumps(about | {"cases": CASES}).encode()}
    contents |= {name: key for (_, key), name in EXPECTED.items()} | FILES
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    OUT.write_bytes(gzip.compress(raw.getvalue(), 9, mtime=0))
    print(f"{len(CASES)} files, {len(raw.getvalue())} bytes, packed {OUT.stat().st_size}")


if __name__ == "__main__":
    main()
