"""PNG, BMP, GIF and WebP files of every kind of colours and layout, and what is to be read from each.

Run:    python xtask/reference/containers.py      (needs numpy, pillow)
Writes: crates/tl-image/tests/golden/containers/others.tar.gz    the files, index.json, and NAME.rgb: 8-bit RGB, row by row

Expected pixels come from the array that was written, by numpy and these rules, never from a reader (but for lossy WebP,
which Pillow reads):
    v of up to 8 bits -> v * 255 / (2^bits - 1), of 16 bits -> round(v / 257)
    transparency c * a + (1 - a) * white; the colour of tRNS, compared at full depth, is transparent
    what the first frame of an animation does not cover is transparent
    alpha that is 0 in all of a BMP is none
"""

import gzip
import io
import itertools
import json
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-image/tests/golden/containers/others.tar.gz"
W, H = 13, 11
FILES, CASES, EXPECTED = {}, [], {}


def keep(name, content, expected=None, tolerance=0, reason=None, color=None):
    assert name not in FILES, name
    FILES[name] = content
    if reason is not None:
        CASES.append({"file": name, "reason": reason})
        return
    expected = np.round(expected).clip(0, 255).astype(np.uint8)
    rgb = EXPECTED.setdefault((expected.shape, expected.tobytes()), f"{len(EXPECTED)}.rgb")
    case = {"file": name, "rgb": rgb, "width": expected.shape[1], "height": expected.shape[0], "tolerance": tolerance}
    CASES.append(case | ({"color": color} if color else {}))


def samples(channels, bits):
    y, x = np.mgrid[:H, :W].astype(float)
    waves = [np.sin(x / (1.3 + s) + y / (1.7 + s / 2) + s) * 0.5 + 0.5 for s in range(channels)]
    array = np.round(np.stack(waves, -1) * (2**bits - 1)).astype(np.int64)
    array[0, 0], array[-1, -1] = 0, 2**bits - 1
    return array


def to_8(array, bits):
    return np.round(array / 257) if bits == 16 else array * 255 // (2**bits - 1)


def on_white(color, alpha):
    """`alpha` from 0 to 1, exact."""
    return np.broadcast_to(color, (*color.shape[:2], 3)) * alpha + (1 - alpha) * 255


# PNG.

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png_rows(array, bits):
    """Filtered rows; every filter takes its turn."""
    out, before = b"", None
    step = max(1, array.shape[2] * bits // 8)
    for number, row in enumerate(array):
        if bits == 16:
            data = row.astype(">u2").tobytes()
        elif bits == 8:
            data = row.astype(np.uint8).tobytes()
        else:
            data = np.packbits(((row.ravel()[:, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).ravel()).tobytes()
        before = before or bytes(len(data))
        kind = number % 5
        a = bytes(step) + data[:-step] if len(data) > step else bytes(len(data))
        c = bytes(step) + before[:-step] if len(data) > step else bytes(len(data))
        filtered = bytearray()
        for x, left, up, corner in zip(data, a, before, c):
            p = left + up - corner
            paeth = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))[2]
            filtered.append((x - [0, left, up, (left + up) // 2, paeth][kind]) % 256)
        out += bytes([kind]) + bytes(filtered)
        before = data
    return out


def png(array, bits, color, interlaced, more=()):
    height, width, _ = array.shape
    if interlaced:
        parts = [array[top::down, left::across] for left, top, across, down in PASSES]
        data = b"".join(png_rows(part, bits) for part in parts if part.size)
    else:
        data = png_rows(array, bits)
    out = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, int(interlaced))
    for kind, content in [(b"IHDR", header), *more, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]:
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return out


def pngs():
    for interlaced, bits in itertools.product((False, True), (1, 2, 4, 8, 16)):
        way = f"{bits}-{'adam7' if interlaced else 'plain'}"
        deep = "16" if bits == 16 else ""
        gray = samples(1, bits)
        white = to_8(gray, bits)
        keep(f"png-gray-{way}.png", png(gray, bits, 0, interlaced), white.repeat(3, -1), color=f"gray{deep}")
        key = int(gray[2, 3, 0])
        transparent = (b"tRNS", struct.pack(">H", key))
        keep(f"png-gray-key-{way}.png", png(gray, bits, 0, interlaced, [transparent]), np.where(gray == key, 255, white).repeat(3, -1), color=f"gray-alpha{deep}" if bits >= 8 else None)
        if bits <= 8:
            table = (np.arange(3 << bits) * 7919 + 12345).reshape(-1, 3) % 256
            shown = table[gray[:, :, 0]]
            chunk = (b"PLTE", table.astype(np.uint8).tobytes())
            keep(f"png-palette-{way}.png", png(gray, bits, 3, interlaced, [chunk]), shown, color="palette")
            alpha = (np.arange(1 << bits) * 37 % 256)[: max(1, (1 << bits) - 3)]
            full = np.concatenate([alpha, np.full((1 << bits) - len(alpha), 255)])
            keep(f"png-palette-alpha-{way}.png", png(gray, bits, 3, interlaced, [chunk, (b"tRNS", alpha.astype(np.uint8).tobytes())]), on_white(shown, full[gray] / 255), 1, color="palette")
        if bits >= 8:
            rgb = samples(3, bits)
            keep(f"png-rgb-{way}.png", png(rgb, bits, 2, interlaced), to_8(rgb, bits), color=f"rgb{deep}")
            # A color that differs from the key in the lower byte alone is not transparent.
            key = rgb[2, 3].copy()
            rgb[4, 5] = key
            rgb[6, 7] = key ^ (1 if bits == 16 else 0)
            same = (rgb == key).all(-1, keepdims=True)
            keep(f"png-rgb-key-{way}.png", png(rgb, bits, 2, interlaced, [(b"tRNS", struct.pack(">HHH", *map(int, key)))]), np.where(same, 255, to_8(rgb, bits)), color=f"rgba{deep}")
            la, rgba = samples(2, bits), samples(4, bits)
            full = 2**bits - 1
            keep(f"png-la-{way}.png", png(la, bits, 4, interlaced), on_white(to_8(la, bits)[:, :, :1], la[:, :, 1:] / full), 1, color=f"gray-alpha{deep}")
            keep(f"png-rgba-{way}.png", png(rgba, bits, 6, interlaced), on_white(to_8(rgba, bits)[:, :, :3], rgba[:, :, 3:] / full), 1, color=f"rgba{deep}")


# BMP.

CORE, INFO, V2, V3, OS2, V4, V5 = 12, 40, 52, 56, 64, 108, 124


def bmp(rows, bits, *, header=INFO, compression=0, palette=b"", used=0, masks=(), top_down=False, gap=0, height=H, width=W):
    """`rows` are the bytes of the rows from the top, padded, or one string of compressed data."""
    data = rows if isinstance(rows, bytes) else b"".join(rows if top_down else rows[::-1])
    if header == CORE:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression, len(data), 2835, 2835, used, 0)
        if header >= V2 and header != OS2:
            info += b"".join(struct.pack("<I", mask) for mask in [*masks, 0, 0, 0, 0][: 3 if header == V2 else 4])
        info = info.ljust(header, b"\0")
        if header == INFO and masks:
            info += b"".join(struct.pack("<I", mask) for mask in masks)
    offset = 14 + len(info) + len(palette) + gap
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + palette + bytes(gap) + data


def padded(row):
    return row + bytes(-len(row) % 4)


def bit_rows(index, bits):
    shifts = np.arange(bits - 1, -1, -1)
    return [padded(np.packbits(((row[:, None] >> shifts) & 1).astype(np.uint8).ravel()).tobytes()) for row in index]


def runs(row, bits):
    """RLE: runs where values repeat, literal values where they do not."""
    out, at = b"", 0
    row = [int(v) for v in row]
    while at < len(row):
        end = at
        while end < len(row) and row[end] == row[at]:
            end += 1
        if end - at > 1 or len(row) - at < 3:
            value = row[at] if bits == 8 else row[at] << 4 | row[at]
            out, at = out + bytes([end - at, value]), end
            continue
        literal = row[at : at + 5]
        data = bytes(literal) if bits == 8 else bytes(a << 4 | b for a, b in itertools.zip_longest(literal[::2], literal[1::2], fillvalue=0))
        if len(literal) < 3:
            out, at = out + bytes([1, row[at] if bits == 8 else row[at] << 4]), at + 1
            continue
        out += bytes([0, len(literal)]) + data + bytes(len(data) % 2)
        at += len(literal)
    return out


def channel(value, bits):
    return np.round(value * 255 / (2**bits - 1))


def bmps():
    for bits in (1, 2, 4, 8):
        index = samples(1, bits)[:, :, 0]
        table = (np.arange(3 << bits) * 7919 + 12345).reshape(-1, 3) % 256
        shown = table[index]
        four = b"".join(bytes([b, g, r, 0]) for r, g, b in table.tolist())
        three = b"".join(bytes([b, g, r]) for r, g, b in table.tolist())
        rows = bit_rows(index, bits)
        for header, top_down, gap in itertools.product((INFO, V4, V5), (False, True), (0, 22)):
            keep(f"bmp-{bits}-{header}-{'down' if top_down else 'up'}-gap{gap}.bmp", bmp(rows, bits, header=header, palette=four, top_down=top_down, gap=gap), shown, color="palette")
        keep(f"bmp-{bits}-core.bmp", bmp(rows, bits, header=CORE, palette=three), shown, color="palette")
        keep(f"bmp-{bits}-core-gap.bmp", bmp(rows, bits, header=CORE, palette=three, gap=7), shown)
        keep(f"bmp-{bits}-os2.bmp", bmp(rows, bits, header=OS2, palette=four), shown, color="palette")
        few = min(1 << bits, 3 if bits > 1 else 2)
        small = index % few
        keep(f"bmp-{bits}-short-palette.bmp", bmp(bit_rows(small, bits), bits, palette=four[: 4 * few], used=few), table[small])
        keep(f"bmp-{bits}-core-short-palette.bmp", bmp(bit_rows(small, bits), bits, header=CORE, palette=three[: 3 * few]), table[small])
        keep(f"bmp-{bits}-os2-short-palette.bmp", bmp(bit_rows(small, bits), bits, header=OS2, palette=four[: 4 * few], used=few), table[small])
    for bits in (4, 8):
        index = samples(1, bits)[:, :, 0]
        index[2:4, 1:9] = 3
        table = (np.arange(3 << bits) * 7919).reshape(-1, 3) % 256
        table[0] = 0  # what is passed over is black
        four = b"".join(bytes([b, g, r, 0]) for r, g, b in table.tolist())
        kind = 2 if bits == 4 else 1
        data = b"".join(runs(row, bits) + b"\0\0" for row in index[::-1])
        for gap in (0, 10):
            keep(f"bmp-rle{bits}-gap{gap}.bmp", bmp(data + b"\0\1", bits, compression=kind, palette=four, gap=gap), table[index], color="palette")
        keep(f"bmp-rle{bits}-no-end.bmp", bmp(data, bits, compression=kind, palette=four), table[index])
        moved = np.zeros_like(index)
        moved[H - 1, 4:7], moved[H - 3, 9:12] = 3, 2
        value = (lambda v: v << 4 | v) if bits == 4 else (lambda v: v)
        data = bytes([0, 2, 4, 0, 3, value(3), 0, 2, 2, 2, 3, value(2), 0, 1])
        keep(f"bmp-rle{bits}-moves.bmp", bmp(data, bits, compression=kind, palette=four), table[moved])
    rgb = samples(3, 8)
    bgr = rgb[:, :, ::-1].astype(np.uint8)
    for header, top_down, gap in itertools.product((INFO, V4, V5), (False, True), (0, 100)):
        keep(f"bmp-24-{header}-{'down' if top_down else 'up'}-gap{gap}.bmp", bmp([padded(row.tobytes()) for row in bgr], 24, header=header, top_down=top_down, gap=gap), rgb, color="rgb")
    keep("bmp-24-core.bmp", bmp([padded(row.tobytes()) for row in bgr], 24, header=CORE), rgb)
    keep("bmp-24-os2.bmp", bmp([padded(row.tobytes()) for row in bgr], 24, header=OS2), rgb)
    fourth = np.full((H, W, 1), 77, np.uint8)
    bgrx = np.dstack([bgr, fourth])
    for header in (INFO, V4, V5):
        keep(f"bmp-32-{header}.bmp", bmp([row.tobytes() for row in bgrx], 32, header=header), rgb, color="rgb")
    layouts = {
        "565": (16, (5, 6, 5, 0), (0xF800, 0x07E0, 0x001F)),
        "555": (16, (5, 5, 5, 0), (0x7C00, 0x03E0, 0x001F)),
        "1555": (16, (5, 5, 5, 1), (0x7C00, 0x03E0, 0x001F, 0x8000)),
        "4444": (16, (4, 4, 4, 4), (0x0F00, 0x00F0, 0x000F, 0xF000)),
        "8888": (32, (8, 8, 8, 8), (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
        "rgba": (32, (8, 8, 8, 8), (0xFF000000, 0xFF0000, 0xFF00, 0xFF)),
        "888": (32, (8, 8, 8, 0), (0xFF0000, 0xFF00, 0xFF)),
        "xbgr": (32, (8, 8, 8, 0), (0xFF, 0xFF00, 0xFF0000)),
        "888x": (32, (8, 8, 8, 0), (0xFF000000, 0xFF0000, 0xFF00)),
        "101010": (32, (10, 10, 10, 2), (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)),
    }
    for name, (bits, lengths, masks) in layouts.items():
        n = 4 if len(masks) == 4 else 3
        values = [samples(4, lengths[i])[:, :, i] for i in range(n)]
        pixels = sum(v << (mask & -mask).bit_length() - 1 for v, mask in zip(values, masks))
        rows = [padded(row.astype(f"<u{bits // 8}").tobytes()) for row in pixels]
        color = np.stack([channel(v, length) for v, length in zip(values, lengths)][:3], -1)
        alpha = (values[3] / (2 ** lengths[3] - 1))[:, :, None] if n == 4 else None
        for header, gap in itertools.product((INFO, V2, V3, V4, V5), (0, 12, 40)):
            if n == 4 and header in (INFO, V2):
                continue
            shown = on_white(color, alpha) if n == 4 else color
            keep(f"bmp-{name}-{header}-gap{gap}.bmp", bmp(rows, bits, header=header, compression=3, masks=masks, gap=gap), shown, 1 if n == 4 or "10" in name else 0, color="rgba" if n == 4 else "rgb")
        if n == 4:
            opaque = sum(v << (mask & -mask).bit_length() - 1 for v, mask in list(zip(values, masks))[:3])
            rows = [padded(row.astype(f"<u{bits // 8}").tobytes()) for row in opaque]
            keep(f"bmp-{name}-no-alpha.bmp", bmp(rows, bits, header=V5, compression=3, masks=masks), color, 1 if "10" in name else 0)
    five = [samples(3, 5)[:, :, i] for i in range(3)]
    rows = [padded(row.astype("<u2").tobytes()) for row in five[0] << 10 | five[1] << 5 | five[2]]
    keep("bmp-16.bmp", bmp(rows, 16), np.stack([channel(v, 5) for v in five], -1), color="rgb")
    # JPEG and PNG inside, for printers.
    for compression in (4, 5):
        keep(f"bmp-compression-{compression}.bmp", bmp(bytes(64), 0, compression=compression), reason="")


# GIF.


def gif_data(index, bits, interlaced):
    """LZW that never gets to longer codes."""
    if interlaced:
        order = [*range(0, len(index), 8), *range(4, len(index), 8), *range(2, len(index), 4), *range(1, len(index), 2)]
        index = index[order]
    clear, codes = 1 << bits, []
    for at, value in enumerate(index.ravel()):
        if at % ((1 << bits) - 2) == 0:
            codes.append(clear)
        codes.append(int(value))
    codes.append(clear + 1)
    whole = sum(code << (bits + 1) * at for at, code in enumerate(codes))
    data = whole.to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    return bytes([bits]) + blocks + b"\0"


def gif(canvas, frames, table=None, background=0, version=b"89a"):
    bits = 3
    size = lambda colors: len(colors).bit_length() - 2
    flags = 0x80 | size(table) if table is not None else 0
    out = b"GIF" + version + struct.pack("<HHBBB", *canvas, flags, background, 0)
    out += np.asarray(table).astype(np.uint8).tobytes() if table is not None else b""
    for index, (left, top), options in frames:
        if "transparent" in options or "disposal" in options:
            key = options.get("transparent")
            out += b"\x21\xf9\x04" + bytes([options.get("disposal", 0) << 2 | (key is not None), 5, 0, key or 0, 0])
        local = options.get("table")
        flags = (0x40 if options.get("interlaced") else 0) | (0x80 | size(local) if local is not None else 0)
        out += b"," + struct.pack("<HHHHB", left, top, index.shape[1], index.shape[0], flags)
        out += np.asarray(local).astype(np.uint8).tobytes() if local is not None else b""
        out += gif_data(index, bits, options.get("interlaced"))
    return out + b";"


def gifs():
    index = samples(1, 3)[:, :, 0]
    table = (np.arange(24) * 7919 + 12345).reshape(-1, 3) % 256
    other = (np.arange(24) * 104729 + 54321).reshape(-1, 3) % 256
    keep("gif-plain.gif", gif((W, H), [(index, (0, 0), {})], table), table[index], color="palette")
    keep("gif-87a.gif", gif((W, H), [(index, (0, 0), {})], table, version=b"87a"), table[index])
    keep("gif-interlaced.gif", gif((W, H), [(index, (0, 0), {"interlaced": True})], table), table[index])
    keep("gif-local.gif", gif((W, H), [(index, (0, 0), {"table": other})], table), other[index])
    keep("gif-local-alone.gif", gif((W, H), [(index, (0, 0), {"table": other})]), other[index])
    see_through = np.where((index == 5)[:, :, None], 255, table[index])
    for interlaced in (False, True):
        keep(f"gif-transparent-{interlaced}.gif", gif((W, H), [(index, (0, 0), {"transparent": 5, "interlaced": interlaced})], table), see_through)
    for background in (0, 3):
        for left, top in ((3, 2), (0, 4), (5, 0)):
            canvas = np.full((H + 6, W + 7, 3), 255)
            canvas[top : top + H, left : left + W] = table[index]
            second = (index[:4, :4], (0, 0), {"disposal": 1})
            keep(f"gif-part-{left}-{top}-{background}.gif", gif((W + 7, H + 6), [(index, (left, top), {"disposal": 2}), second], table, background), canvas)
        canvas = np.full((H + 6, W, 3), 255)
        canvas[3 : 3 + H] = table[index]
        keep(f"gif-band-{background}.gif", gif((W, H + 6), [(index, (0, 3), {"interlaced": True})], table, background), canvas)


# WebP.


def webp_chunks(content):
    at, chunks = 12, []
    while at < len(content):
        kind, length = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        chunks.append((kind, content[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks


def riff(chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def small(value):
    return struct.pack("<I", value)[:3]


def webps():
    def saved(image, **options):
        out = io.BytesIO()
        image.save(out, "WEBP", **options)
        return out.getvalue()

    rgb, rgba = samples(3, 8).astype(np.uint8), samples(4, 8).astype(np.uint8)
    flat, clear = Image.fromarray(rgb), Image.fromarray(rgba)
    shown = on_white(rgba[:, :, :3].astype(float), rgba[:, :, 3:] / 255)
    keep("webp-rgb.webp", saved(flat, lossless=True), rgb, color="rgb")
    keep("webp-rgba.webp", saved(clear, lossless=True, exact=True), shown, 1, color="rgba")
    y, x = np.mgrid[:40, :56]
    smooth = np.stack([x * 4, y * 6, 200 - x - y, (x * 9 + y) % 256], -1).clip(0, 255).astype(np.uint8)
    for options in ({"quality": 90}, {"quality": 90, "alpha_quality": 50}):
        content = saved(Image.fromarray(smooth), **options)
        back = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(float)
        keep(f"webp-lossy-alpha-{len(FILES)}.webp", content, on_white(back[:, :, :3], back[:, :, 3:] / 255), 1, color="rgba")
    for left, top, width, height, alpha in itertools.product((0, 4), (0, 2), (W, W + 9), (H, H + 5), (False, True)):
        if left + W > width or top + H > height:
            continue
        image = saved(clear if alpha else flat, lossless=True, exact=True)
        frame = small(left // 2) + small(top // 2) + small(W - 1) + small(H - 1) + small(100) + b"\2"
        frame += riff(webp_chunks(image))[12:]
        header = b"\x12\0\0\0" + small(width - 1) + small(height - 1)
        # The background is a hint that browsers do not take.
        chunks = [(b"VP8X", header), (b"ANIM", b"\x10\x20\x30\xff\0\0"), (b"ANMF", frame), (b"ANMF", frame)]
        canvas = np.full((height, width, 3), 255.0)
        canvas[top : top + H, left : left + W] = shown if alpha else rgb
        keep(f"webp-animated-{left}-{top}-{width}-{height}-{alpha}.webp", riff(chunks), canvas, 1)


def main():
    for make in (pngs, bmps, gifs, webps):
        make()
    contents = {"index.json": json.dumps({"script": "xtask/reference/containers.py", "cases": CASES}).encode()}
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
