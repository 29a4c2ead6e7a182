"""JPEG files of every structure that T.81 allows, and of some that it does not, with the pixels of libjpeg-turbo.

Run:    python xtask/reference/jpeg_structures.py      (needs numpy, pillow; imagecodecs for processes that are not decoded)
Writes: crates/tl-image/tests/golden/jpeg/structures.bin     the files, one behind the other
        crates/tl-image/tests/golden/jpeg/structures.json    for each, its name and length, and the size and CRC-32 of its RGB or how the
                                                            reason begins for which it is refused

No encoder writes all of these, so one stands here: coefficients of a small drawing, in any scans. The pixels are those of Pillow
(libjpeg-turbo, accurate integer transform, "fancy" chroma). Where libjpeg-turbo does not decode what the standard allows
(sampling factors whose ratio is not a whole number, a height that comes behind the first scan), or adds something to it (progressive files that do
not bring all bits are smoothed), they are those of its twin: a file of another structure with the same coefficients, or
each component alone, enlarged here.
"""

import heapq
import io
import json
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, features

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-image/tests/golden/jpeg"

ZIGZAG = np.array(
    [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
     35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63]
)  # fmt: skip
DCT = np.array([[np.sqrt((1 if u == 0 else 2) / 8) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)] for u in range(8)])


def drawing(width, height, components):
    """Smooth colours, an edge and a little noise."""
    y, x = np.mgrid[:height, :width]
    rng = np.random.RandomState(width * 100 + height)
    planes = [
        128 + 90 * np.sin(x / 5 + c) * np.cos(y / (6 - c)) + 25 * ((x + 2 * y > width) ^ (c == 1)) + rng.normal(0, 4, x.shape)
        for c in range(components)
    ]
    return [plane.clip(0, 255).astype(np.uint8) for plane in planes]


class Picture:
    """Coefficients of components with sampling factors; ids, quantisation tables."""

    def __init__(self, width, height, factors, ids=None, step=24, tables=None):
        self.width, self.height, self.factors = width, height, factors
        self.ids = ids or list(range(1, len(factors) + 1))
        self.h, self.v = (1, 1) if len(factors) == 1 else (max(f[i] for f in factors) for i in (0, 1))
        self.tables = tables or [min(c, 1) for c in range(len(factors))]
        ramp = np.add.outer(np.arange(8), np.arange(8)).reshape(64)
        self.quant = {t: (step + ramp * (2 + t)).astype(int) for t in set(self.tables)}
        self.units = -(-width // (8 * self.h)), -(-height // (8 * self.v))
        self.blocks, self.coefficients = [], []
        for c, plane in enumerate(drawing(width, height, len(factors))):
            h, v = self.factor(c)
            size = -(-width * h // self.h), -(-height * v // self.v)
            plane = np.asarray(Image.fromarray(plane).resize(size, Image.BOX)).astype(float)
            self.blocks.append((-(-size[0] // 8), -(-size[1] // 8)))
            across, down = self.units[0] * h, self.units[1] * v
            plane = np.pad(plane, ((0, 8 * down - size[1]), (0, 8 * across - size[0])), mode="edge") - 128
            tiles = plane.reshape(down, 8, across, 8).transpose(0, 2, 1, 3)
            freq = (DCT @ tiles @ DCT.T).reshape(down, across, 64) / self.quant[self.tables[c]]
            self.coefficients.append(np.round(freq).astype(int)[..., ZIGZAG])

    def factor(self, c):
        return (1, 1) if len(self.factors) == 1 else self.factors[c]

    def alone(self, c):
        """A gray picture of one component."""
        h, v = self.factor(c)
        one = object.__new__(Picture)
        one.width, one.height = -(-self.width * h // self.h), -(-self.height * v // self.v)
        one.factors, one.ids, one.h, one.v, one.tables, one.quant = [(1, 1)], [1], 1, 1, [0], {0: self.quant[self.tables[c]]}
        one.blocks, one.coefficients, one.units = [self.blocks[c]], [self.coefficients[c]], self.blocks[c]
        return one

    def units_of(self, members):
        """For each unit, its blocks as (number in the scan, component, row, column)."""
        if len(members) == 1:
            c = members[0]
            for row in range(self.blocks[c][1]):
                for column in range(self.blocks[c][0]):
                    yield [(0, c, row, column)]
            return
        for row in range(self.units[1]):
            for column in range(self.units[0]):
                unit = []
                for number, c in enumerate(members):
                    h, v = self.factor(c)
                    unit += [(number, c, row * v + y, column * h + x) for y in range(v) for x in range(h)]
                yield unit


def segment(marker, content=b""):
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def optimal(counts):
    """Code lengths of at most 16 bits, no code of ones only: T.81, K.2."""
    # One symbol that is never used takes the code of ones only.
    heap = [(count, number, (symbol,)) for number, (symbol, count) in enumerate(sorted(counts.items()))] + [(0, 999, (None,))]
    heapq.heapify(heap)
    length = {symbol: 0 for _, _, symbols in heap for symbol in symbols}
    while len(heap) > 1:
        (a, _, left), (b, number, right) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in left + right:
            length[symbol] += 1
        heapq.heappush(heap, (a + b, 1000 + number, left + right))
    bits = [0] * 64
    for n in length.values():
        bits[n] += 1
    for i in range(63, 16, -1):
        while bits[i] > 0:
            j = i - 2
            while bits[j] == 0:
                j -= 1
            bits[i] -= 2
            bits[i - 1] += 1
            bits[j + 1] += 2
            bits[j] -= 1
    last = max(i for i in range(1, 17) if bits[i])
    bits[last] -= 1
    symbols = sorted((s for s in counts), key=lambda s: (length[s], s))
    return bits[1:17], symbols


def codes(bits, symbols):
    code, at, found = 0, 0, {}
    for n, count in enumerate(bits, 1):
        for symbol in symbols[at : at + count]:
            found[symbol] = (code, n)
            code += 1
        at += count
        code <<= 1
    return found


def size_of(value):
    return int(abs(value)).bit_length()


def bits_of(value, size):
    return (value if value >= 0 else value + (1 << size) - 1), size


class Scan:
    """The symbols of one scan: ("dc" or "ac", member, symbol) and (value, bits), between restarts."""

    def __init__(self, picture, members, ss=0, se=63, ah=0, al=0, progressive=False, restart=0):
        self.picture, self.members, self.band, self.ah, self.al = picture, members, (ss, se), ah, al
        self.progressive, self.restart, self.out = progressive, restart, [[]]
        self.last, self.run, self.pending = [0] * 4, 0, []
        for number, unit in enumerate(picture.units_of(members)):
            if restart and number and number % restart == 0:
                self.flush()
                self.out.append([])
                self.last = [0] * 4
            for member, c, row, column in unit:
                self.block(member, picture.coefficients[c][row, column])
        self.flush()

    def put(self, *item):
        self.out[-1].append(item)

    def flush(self):
        if self.run:
            size = self.run.bit_length() - 1
            self.put("ac", 0, size << 4)
            self.put(self.run - (1 << size), size)
            self.run = 0
        for bit in self.pending:
            self.put(bit, 1)
        self.pending = []

    def block(self, member, block):
        ss, se = self.band
        if not self.progressive:
            self.dc(member, int(block[0]))
            self.ac(member, block, 1, 63)
        elif ss == 0 and self.ah == 0:
            self.dc(member, int(block[0]) >> self.al)
        elif ss == 0:
            self.put(int(block[0]) >> self.al & 1, 1)
        elif self.ah == 0:
            self.first(block, ss, se)
        else:
            self.refine(block, ss, se)

    def dc(self, member, value):
        difference, self.last[member] = value - self.last[member], value
        size = size_of(difference)
        self.put("dc", member, size)
        self.put(*bits_of(difference, size))

    def ac(self, member, block, ss, se):
        zeros = 0
        for value in map(int, block[ss : se + 1]):
            if value == 0:
                zeros += 1
                continue
            while zeros > 15:
                self.put("ac", member, 0xF0)
                zeros -= 16
            size = size_of(value)
            self.put("ac", member, zeros << 4 | size)
            self.put(*bits_of(value, size))
            zeros = 0
        if zeros:
            self.put("ac", member, 0)

    def first(self, block, ss, se):
        zeros = 0
        for value in map(int, block[ss : se + 1]):
            value = (abs(value) >> self.al) * (1 if value > 0 else -1)
            if value == 0:
                zeros += 1
                continue
            self.flush()
            while zeros > 15:
                self.put("ac", 0, 0xF0)
                zeros -= 16
            size = size_of(value)
            self.put("ac", 0, zeros << 4 | size)
            self.put(*bits_of(value, size))
            zeros = 0
        if zeros:
            self.run += 1
            if self.run == 0x7FFF:
                self.flush()

    def refine(self, block, ss, se):
        values = [(abs(int(v)) >> self.al, int(v)) for v in block[ss : se + 1]]
        new = max((k for k, (size, _) in enumerate(values) if size == 1), default=-1)
        zeros, corrections = 0, []
        for k, (size, value) in enumerate(values):
            if size == 0:
                zeros += 1
                continue
            while zeros > 15 and k <= new:
                self.flush()
                self.put("ac", 0, 0xF0)
                zeros -= 16
                corrections = self.correct(corrections)
            if size > 1:
                corrections.append(size & 1)
                continue
            self.flush()
            self.put("ac", 0, zeros << 4 | 1)
            self.put(int(value > 0), 1)
            corrections, zeros = self.correct(corrections), 0
        if zeros or corrections:
            self.run += 1
            self.pending += corrections
            if self.run == 0x7FFF:
                self.flush()

    def correct(self, corrections):
        for bit in corrections:
            self.put(bit, 1)
        return []

    def tables(self, table_of):
        """Optimal tables: {(class, table): (bits, symbols)}."""
        counts = {}
        for item in sum(self.out, []):
            if item[0] in ("dc", "ac"):
                table = counts.setdefault((int(item[0] == "ac"), table_of[self.members[item[1]]]), {})
                table[item[2]] = table.get(item[2], 0) + 1
        return {key: optimal(table) for key, table in counts.items()}

    def data(self, tables, table_of, between=b""):
        """`between` goes before each restart marker."""
        found = {key: codes(*table) for key, table in tables.items()}
        out = bytearray()
        for number, interval in enumerate(self.out):
            if number:
                out += between + bytes([0xFF, 0xD0 + (number - 1) % 8])
            bits = []
            for item in interval:
                if item[0] in ("dc", "ac"):
                    item = found[int(item[0] == "ac"), table_of[self.members[item[1]]]][item[2]]
                value, size = item
                bits.append(format(value, f"0{size}b") if size else "")
            bits = "".join(bits)
            bits += "1" * (-len(bits) % 8)
            packed = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            out += packed.replace(b"\xff", b"\xff\0")
        return bytes(out)

    def header(self, table_of):
        listed = b"".join(bytes([self.picture.ids[c], table_of[c] * 0x11]) for c in self.members)
        return segment(0xDA, bytes([len(self.members)]) + listed + bytes([*self.band, self.ah << 4 | self.al]))


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def adobe(transform):
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def quantisation(picture, only=None, wide=False):
    out = b""
    for table, steps in sorted(picture.quant.items()):
        if only is None or table == only:
            values = steps[ZIGZAG]
            out += bytes([wide << 4 | table]) + (values.astype(">u2").tobytes() if wide else bytes(values.tolist()))
    return segment(0xDB, out)


def frame(picture, marker, height=None, precision=8):
    height = picture.height if height is None else height
    listed = b"".join(bytes([i, h << 4 | v, t]) for i, (h, v), t in zip(picture.ids, picture.factors, picture.tables))
    return segment(marker, bytes([precision]) + height.to_bytes(2, "big") + picture.width.to_bytes(2, "big") + bytes([len(picture.ids)]) + listed)


def scans_of(picture, script, progressive, restarts):
    return [
        Scan(picture, *scan, progressive=progressive, restart=restarts[i % len(restarts)]) for i, scan in enumerate(script)
    ]


def huffman(tables):
    return segment(0xC4, b"".join(bytes([cl << 4 | t, *bits, *symbols]) for (cl, t), (bits, symbols) in sorted(tables.items())))


def assemble(picture, script, marker=0xC0, head=JFIF, restarts=(0,), between=(), fill=b"", wide=False, height=None, behind=b"", tail=b""):
    """A whole file. `between`: what stands before each scan but the first; `fill`: before each marker; `tail`: behind the first scan."""
    table_of = [min(c, 1) for c in range(len(picture.ids))]
    out, interval = b"\xff\xd8" + head, 0
    parts = [quantisation(picture, wide=wide), frame(picture, marker, height)]
    for number, scan in enumerate(scans_of(picture, script, marker == 0xC2, restarts)):
        if number and between:
            parts.append(between[(number - 1) % len(between)])
        tables = scan.tables(table_of)
        if tables:
            parts.append(huffman(tables))
        if scan.restart != interval:
            interval = scan.restart
            parts.append(segment(0xDD, interval.to_bytes(2, "big")))
        parts += [scan.header(table_of) + scan.data(tables, table_of, fill)]
        if number == 0 and tail:
            parts.append(tail)
    return out + b"".join(fill + part for part in parts) + behind + fill + b"\xff\xd9"


# Scripts: lists of (members, ss, se, ah, al).
def together(n):
    return [(list(range(n)),)]


def each_alone(n):
    return [([c],) for c in range(n)]


def progressive(n):
    """The script of libjpeg, shorter: jcparam.c, jpeg_simple_progression."""
    script = [(list(range(n)), 0, 0, 0, 1)]
    script += [([c], 1, 5, 0, 2) for c in range(n)] + [([c], 6, 63, 0, 2) for c in reversed(range(n))]
    script += [([c], 1, 63, 2, 1) for c in range(n)]
    return script + [(list(range(n)), 0, 0, 1, 0)] + [([c], 1, 63, 1, 0) for c in reversed(range(n))]


def progressive_alone(n):
    """Every component for itself, from its first bits to its last."""
    script = []
    for c in range(n):
        script += [([c], 0, 0, 0, 2), ([c], 0, 0, 2, 1), ([c], 1, 63, 0, 1), ([c], 0, 0, 1, 0), ([c], 1, 20, 1, 0), ([c], 21, 63, 1, 0)]
    return script


# Pixels.
def libjpeg(content):
    image = Image.open(io.BytesIO(content))
    return np.asarray(image.convert("RGB"))


def gray(content):
    image = Image.open(io.BytesIO(content))
    assert image.mode == "L"
    return np.asarray(image).astype(int)


def to_rgb(y, cb, cr):
    """As libjpeg's jdcolor.c."""
    fix = lambda x: int(x * 65536 + 0.5)
    cb, cr, half = cb - 128, cr - 128, 32768
    r = y + ((fix(1.402) * cr + half) >> 16)
    g = y + ((-fix(0.34414) * cb - fix(0.71414) * cr + half) >> 16)
    b = y + ((fix(1.772) * cb + half) >> 16)
    return np.stack([r, g, b], -1).clip(0, 255).astype(np.uint8)


def component_by_component(picture):
    """Each component by libjpeg, each pixel that of the sample its middle lies in."""
    planes = []
    for c in range(3):
        h, v = picture.factor(c)
        assert (picture.h % h or picture.v % v) or (h, v) == (picture.h, picture.v) or picture.h // h > 2 or picture.v // v > 2
        samples = gray(assemble(picture.alone(c), together(1)))
        x = (2 * np.arange(picture.width) + 1) * h // (2 * picture.h)
        y = (2 * np.arange(picture.height) + 1) * v // (2 * picture.v)
        planes.append(samples[y][:, x])
    return to_rgb(*planes)


FILES, CASES = [], []


def add(name, content, rgb=None, refused=None):
    assert not any(case["name"] == name for case in CASES), name
    FILES.append(content)
    case = {"name": name, "length": len(content)}
    if refused is None:
        rgb = libjpeg(content) if rgb is None else rgb
        case |= {"width": rgb.shape[1], "height": rgb.shape[0], "crc32": zlib.crc32(rgb.tobytes())}
    else:
        case["refused"] = refused
    CASES.append(case)


def parse(text):
    return [(int(pair[0]), int(pair[1])) for pair in text.split()]


SAMPLINGS = """11 11 11, 21 11 11, 22 11 11, 12 11 11, 41 11 11, 42 11 11, 14 11 11, 24 11 11, 44 11 11, 31 11 11, 13 11 11, 33 11 11,
    11 22 22, 11 12 12, 11 21 21, 22 21 12, 22 12 21, 22 22 11, 22 11 22, 22 22 22, 41 21 11, 42 21 22, 21 41 11, 24 12 14, 11 11 44, 12 21 11"""
FRACTIONS = "31 21 11, 32 21 13, 12 13 11, 21 31 43"


def interleaves(factors):
    return sum(h * v for h, v in factors) <= 10


def matrix():
    sizes = [(45, 35), (35, 51), (17, 70), (64, 32)]
    for i, text in enumerate(map(str.strip, SAMPLINGS.split(","))):
        factors = parse(text)
        picture = Picture(*sizes[i % 4], factors)
        name = text.replace(" ", "-")
        if interleaves(factors):
            for restarts in ((0,), (2,)):
                add(f"{name} one scan, restarts {restarts[0]}", assemble(picture, together(3), restarts=restarts))
            add(f"{name} progressive", assemble(picture, progressive(3), 0xC2))
            add(f"{name} progressive, restarts", assemble(picture, progressive(3), 0xC2, restarts=(3, 0, 5)))
        add(f"{name} each alone", assemble(picture, each_alone(3)))
        add(f"{name} each alone, restarts", assemble(picture, each_alone(3), 0xC1, restarts=(3, 0, 4)))
        for number, script in enumerate([[([0],), ([1, 2],)], [([0, 1],), ([2],)], [([0, 2],), ([1],)]]):
            if all(len(scan[0]) == 1 or interleaves([factors[c] for c in scan[0]]) for scan in script) and (number + i) % 3 == 0:
                add(f"{name} pairs {script[0][0]}", assemble(picture, script, restarts=(0, 2)))
        add(f"{name} progressive, each alone", assemble(picture, progressive_alone(3), 0xC2, restarts=(0, 7)))
    for text in map(str.strip, FRACTIONS.split(",")):
        factors = parse(text)
        picture = Picture(45, 35, factors)
        script = together(3) if interleaves(factors) else each_alone(3)
        rgb = component_by_component(picture)
        add(f"{text.replace(' ', '-')} fractions", assemble(picture, script), rgb)
        add(f"{text.replace(' ', '-')} fractions, progressive", assemble(picture, progressive_alone(3), 0xC2), rgb)
    for factor in ("11", "22", "41", "33", "44"):
        picture = Picture(29, 43, parse(factor))
        add(f"gray {factor}", assemble(picture, together(1)))
        add(f"gray {factor}, restarts", assemble(picture, together(1), 0xC1, restarts=(5,)))
        add(f"gray {factor} progressive", assemble(picture, progressive(1), 0xC2, restarts=(0, 3)))
    for width, height in ((1, 1), (2, 3), (3, 2), (5, 1), (8, 8), (9, 17), (16, 16), (33, 7)):
        for text in ("22 11 11", "41 11 11", "11 22 22"):
            picture = Picture(width, height, parse(text))
            add(f"{text} {width} x {height}", assemble(picture, each_alone(3)))
            add(f"{text} {width} x {height} progressive", assemble(picture, progressive(3), 0xC2))
    colours()


def colours():
    for text in ("11 11 11", "22 11 11", "11 21 12"):
        for name, head, ids in (("adobe", adobe(0), None), ("ids", b"", list(b"RGB")), ("jfif and adobe", JFIF + adobe(0), None),
                                ("jfif and ids", JFIF, list(b"RGB")), ("adobe 1", adobe(1), list(b"RGB")), ("none", b"", [0, 1, 2]),
                                ("same ids", b"", [1, 1, 1])):  # fmt: skip
            picture = Picture(21, 19, parse(text), ids=ids)
            add(f"rgb {text} {name}", assemble(picture, together(3), head=head))
            if name != "same ids":
                add(f"rgb {text} {name}, each alone", assemble(picture, each_alone(3), head=head))
    for text in ("11 11 11 11", "22 11 11 22", "21 11 11 21", "12 11 21 11"):
        for name, head in (("adobe 0", adobe(0)), ("adobe 2", adobe(2)), ("none", b""), ("jfif", JFIF)):
            picture = Picture(27, 21, parse(text))
            add(f"inks {text} {name}", assemble(picture, together(4), head=head, restarts=(2,)))
            add(f"inks {text} {name}, each alone", assemble(picture, each_alone(4), head=head))
            add(f"inks {text} {name}, progressive", assemble(picture, progressive(4), 0xC2, head=head))


def segments():
    picture = Picture(45, 35, parse("22 11 11"))
    words = (segment(0xFE, b"a comment \xff\xd9"), segment(0xE2, b"ICC_PROFILE\0" + bytes(9)) + segment(0xFE))
    add("comments between scans", assemble(picture, each_alone(3), between=words, behind=words[0]))
    add("comments between progressive scans", assemble(picture, progressive(3), 0xC2, between=words, behind=words[0]))
    add("fill bytes", assemble(picture, each_alone(3), fill=b"\xff" * 3, restarts=(3,)))
    add("fill bytes in one scan", assemble(picture, together(3), fill=b"\xff", restarts=(2,)))
    add("fill bytes, progressive", assemble(picture, progressive(3), 0xC2, fill=b"\xff\xff", restarts=(2,)))
    add("16-bit quantisation", assemble(picture, together(3), wide=True))
    add("16-bit quantisation, extended", assemble(picture, each_alone(3), 0xC1, wide=True))
    coarse = Picture(45, 35, parse("22 11 11"), step=300)
    add("steps above 255", assemble(coarse, each_alone(3), 0xC1, wide=True))
    add("steps above 255 in one scan", assemble(coarse, together(3), 0xC1, wide=True))
    add("extended in one scan", assemble(picture, together(3), 0xC1))
    other = Picture(45, 35, parse("22 11 11"), step=30)
    add("quantisation redefined for later components", assemble(picture, each_alone(3), between=(quantisation(other),)))
    add("quantisation redefined for known components", assemble(picture, progressive(3), 0xC2, between=(quantisation(other),)))
    lines = segment(0xDC, (35).to_bytes(2, "big"))
    twin = libjpeg(assemble(picture, together(3)))
    add("height behind the scan", assemble(picture, together(3), height=0, tail=lines), twin)
    add("height behind the first of three scans", assemble(picture, each_alone(3), height=0, tail=lines), twin)
    add("height behind the first progressive scan", assemble(picture, progressive(3), 0xC2, height=0, tail=lines), twin)
    add("height corrected behind the scan", assemble(picture, together(3), height=40, tail=lines), twin)
    add("height said twice", assemble(picture, together(3), tail=lines), twin)
    add("restart behind the last interval", assemble(picture, together(3), restarts=(2,), behind=b"\xff\xd4"))
    add("zeros behind the scan", assemble(picture, together(3), behind=bytes(7)))
    add("members in another order", assemble(picture, [([2, 0, 1],)]), twin)
    only_dc = Picture(45, 35, parse("22 11 11"))
    for plane in only_dc.coefficients:
        plane[..., 1:] = 0
    add("only DC", assemble(picture, [([0, 1, 2], 0, 0, 0, 0)], 0xC2), libjpeg(assemble(only_dc, together(3))))
    few_bits = Picture(45, 35, parse("22 11 11"))
    for plane in few_bits.coefficients:
        plane[..., 0] = plane[..., 0] >> 1 << 1
        plane[..., 1:] = np.sign(plane[..., 1:]) * (abs(plane[..., 1:]) >> 2 << 2)
    add("last bits missing", assemble(picture, progressive(3)[:7], 0xC2), libjpeg(assemble(few_bits, together(3))))
    plain = assemble(picture, together(3))
    start, end = plain.index(b"\xff\xc4"), plain.index(b"\xff\xda")
    image = io.BytesIO()
    Image.fromarray(twin).save(image, "JPEG", quality=60)
    motion = image.getvalue()
    while b"\xff\xc4" in motion:
        at = motion.index(b"\xff\xc4")
        motion = motion[:at] + motion[at + 2 + int.from_bytes(motion[at + 2 : at + 4], "big") :]
    add("typical tables left out", motion)
    slow = [([0, 1, 2], 0, 0, 0, 0)] + [([c], k, k, 0, 3) for c in range(3) for k in range(1, 64)]
    slow += [([c], k, k, low + 1, low) for low in (2, 1, 0) for c in range(3) for k in range(1, 64)]
    dot = Picture(9, 7, parse("22 11 11"))
    add("757 scans", assemble(dot, slow, 0xC2))


def refusals():
    picture = Picture(45, 35, parse("22 11 11"))
    alone, one = each_alone(3), together(3)

    def cut(content, scans):
        """The file without what stands before the scan with this number, but with an end."""
        at = -1
        for _ in range(scans + 1):
            at = content.index(b"\xff\xda", at + 1)
        head = content[:at]
        return head + b"\xff\xd9"

    whole = assemble(picture, alone)
    add("cut after the first component", cut(whole, 1), refused="corrupt (no scan brings component 2)")
    add("cut after the second component", cut(whole, 2), refused="corrupt (no scan brings component 3)")
    add("no scan at all", cut(whole, 0), refused="corrupt (no scan brings component 1)")
    add("cut without an end", whole[: whole.rindex(b"\xff\xda") + 40], refused="ends too early")
    slow = assemble(picture, progressive_alone(3), 0xC2)
    add("progressive, cut after the first component", cut(slow, 6), refused="corrupt (no scan brings component 2)")
    add("a component twice", assemble(picture, [([0],), ([1],), ([1],), ([2],)]), refused="corrupt (scan 3 brings what is known already of component 2)")
    twice = assemble(picture, one)
    at = twice.index(b"\xff\xda") + 5
    add("a component twice in a scan", twice[: at + 2] + twice[at : at + 1] + twice[at + 3 :], refused="corrupt (scan 1 names a component 1 that")
    add("an unknown component", twice[: at + 2] + b"\x09" + twice[at + 3 :], refused="corrupt (scan 1 names a component 9 that")
    add("height 0", assemble(picture, one, height=0), refused="corrupt (its header says 45 x 0 pixels)")
    add("height 0 behind the scan", assemble(picture, one, tail=segment(0xDC, b"\0\0")), refused="corrupt (its header says 45 x 0 pixels)")
    restart = assemble(picture, one, restarts=(2,))
    add("restarts out of order", restart.replace(b"\xff\xd1", b"\xff\xd3"), refused="corrupt (the restart markers of scan 1 are out of order)")
    add("a restart missing", restart.replace(b"\xff\xd1", b"", 1), refused="corrupt (the restart markers of scan 1 are out of order)")
    add("restarts not announced", restart.replace(segment(0xDD, b"\0\2"), b""), refused="corrupt (scan 1 has 5 restart intervals")
    add("two intervals too long", restart.replace(segment(0xDD, b"\0\2"), segment(0xDD, b"\0\1")), refused="corrupt (scan 1 has 5 restart intervals")
    add("two components", assemble(Picture(16, 16, parse("11 11")), together(2)), refused="uses a feature that is not supported (2 colour components)")
    for factor in ("00", "51", "17"):
        content = bytearray(twice)
        content[twice.index(b"\xff\xc0") + 11] = int(factor, 16)
        add(f"sampling {factor}", bytes(content), refused=f"corrupt (component 1 has the sampling factors {factor[0]} x {factor[1]})")
    crowded = Picture(45, 35, parse("42 21 22"))
    add("14 blocks interleaved", assemble(crowded, one), refused="corrupt (scan 1 interleaves 14 blocks, 10 at most are allowed)")
    at = twice.index(b"\xff\xda")
    add("half of the data", twice[: at + 14 + (len(twice) - at) // 2] + b"\xff\xd9", refused="corrupt (the data of scan 1 end after")
    second = whole.index(b"\xff\xda", whole.index(b"\xff\xda") + 1)
    third = whole.index(b"\xff\xda", second + 1)
    add("half of the second scan", whole[: second + 12] + whole[third - 40 :], refused="corrupt (")
    add("no quantisation", twice.replace(quantisation(picture), b""), refused="corrupt (quantisation table 0 is missing)")
    add("two frames", twice.replace(frame(picture, 0xC0), frame(picture, 0xC0) * 2), refused="corrupt (it has two frame headers)")
    add("a scan before the frame", twice[: twice.index(b"\xff\xc0")] + b"\xff\xda\0\2" + twice[twice.index(b"\xff\xc0") :], refused="corrupt (a scan comes before the frame header)")
    early = [([0, 1, 2], 0, 0, 0, 1), ([0], 1, 63, 0, 1), ([0], 1, 63, 0, 1)]
    add("coefficients twice", assemble(picture, early, 0xC2), refused="corrupt (scan 3 brings what is known already of component 1)")
    early = [([0, 1, 2], 0, 0, 0, 2), ([0, 1, 2], 0, 0, 1, 0)]
    add("bits left out", assemble(picture, early, 0xC2), refused="corrupt (scan 2 brings bits that do not come next of component 1)")
    early = [([0], 1, 63, 0, 0), ([0, 1, 2], 0, 0, 0, 0)]
    add("AC before DC", assemble(picture, early, 0xC2), refused="corrupt (scan 1 brings AC before DC coefficients)")
    add("bits from 3 to 1", assemble(picture, [([0, 1, 2], 0, 0, 3, 1)], 0xC2), refused="corrupt (scan 1 brings coefficients 0 to 0, bits 3 to 1)")
    add("DC and AC together", assemble(picture, [([0, 1, 2], 0, 5, 0, 1)], 0xC2), refused="corrupt (scan 1 brings coefficients 0 to 5, bits 0 to 1)")


PROCESSES = [
    ("12 bits, sequential", 0xC1, 12, "12-bit JPEG is not supported, convert it ("),
    ("12 bits, progressive", 0xC2, 12, "12-bit JPEG is not supported, convert it ("),
    ("lossless", 0xC3, 8, "lossless JPEG of 8 bits is not supported, convert it ("),
    ("lossless of 16 bits", 0xC3, 16, "lossless JPEG of 16 bits is not supported, convert it ("),
    ("hierarchical 5", 0xC5, 8, "hierarchical JPEG is not supported, convert it ("),
    ("hierarchical 6", 0xC6, 8, "hierarchical JPEG is not supported, convert it ("),
    ("hierarchical 7", 0xC7, 8, "hierarchical JPEG is not supported, convert it ("),
    ("hierarchical", 0xDE, 8, "hierarchical JPEG is not supported, convert it ("),
    ("arithmetic 9", 0xC9, 8, "arithmetic-coded JPEG is not supported, convert it ("),
    ("arithmetic 10", 0xCA, 8, "arithmetic-coded JPEG is not supported, convert it ("),
    ("arithmetic 11", 0xCB, 8, "lossless arithmetic-coded JPEG of 8 bits is not supported, convert it ("),
    ("hierarchical 13", 0xCD, 8, "hierarchical JPEG is not supported, convert it ("),
    ("hierarchical 14", 0xCE, 8, "hierarchical JPEG is not supported, convert it ("),
    ("hierarchical 15", 0xCF, 8, "hierarchical JPEG is not supported, convert it ("),
    ("JPEG-LS", 0xF7, 12, "JPEG-LS of 12 bits is not supported, convert it ("),
    ("9 bits", 0xC0, 9, "corrupt (its header says 9 bits a sample)"),
]


def processes():
    picture = Picture(16, 16, parse("11"))
    for name, marker, precision, refused in PROCESSES:
        content = assemble(picture, together(1))
        at = content.index(b"\xff\xc0")
        content = content[: at + 1] + bytes([marker]) + content[at + 2 : at + 4] + bytes([precision]) + content[at + 5 :]
        add(f"process: {name}", content, refused=refused)
    try:
        import imagecodecs
    except ImportError:
        print("imagecodecs is not there: files of other processes are left out")
        return
    shades = (np.mgrid[:16, :16].sum(0) * 8).astype(np.uint8)
    deep = shades.astype(np.uint16) * 16
    add("written: 12 bits", imagecodecs.jpeg8_encode(deep, bitspersample=12), refused=PROCESSES[0][3])
    add("written: lossless", imagecodecs.jpeg8_encode(shades, lossless=True), refused=PROCESSES[2][3])
    add("written: JPEG-LS", imagecodecs.jpegls_encode(shades), refused="JPEG-LS of 8 bits is not supported, convert it (")


def main():
    matrix()
    segments()
    refusals()
    processes()
    (OUT / "structures.bin").write_bytes(b"".join(FILES))
    versions = {"PIL": PIL.__version__, "libjpeg-turbo": features.version("libjpeg_turbo"), "numpy": np.__version__}
    rows = ",\n".join(f"    {json.dumps(case)}" for case in CASES)
    about = "structures.bin holds the files in this order. crc32: of the RGB bytes, row by row; refused: how the reason begins."
    (OUT / "structures.json").write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "script": "xtask/reference/jpeg_structures.py",\n'
        f'  "versions": {json.dumps(versions)},\n  "cases": [\n{rows}\n  ]\n}}\n'
    )
    print(f"{len(CASES)} cases, {sum(map(len, FILES))} bytes of files")


if __name__ == "__main__":
    main()
