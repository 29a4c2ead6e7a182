"""Files that the fuzzer begins with and that no golden file is: writes fuzz/corpus. Needs pyarrow.

A few of the JPEGs and TIFFs that are packed in golden files, tables as people write them, and tars of pictures.
"""

import io
import json
import struct
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "crates/tl-image/tests/golden"
DECODE = GOLDEN / "decode"


def write(target, name, content):
    folder = ROOT / "fuzz/corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def pictures():
    files = (GOLDEN / "jpeg/structures.bin").read_bytes()
    at = 0
    for number, case in enumerate(json.loads((GOLDEN / "jpeg/structures.json").read_text())["cases"]):
        if number % 20 == 0:
            write("jpeg", f"structure-{number}.jpg", files[at : at + case["length"]])
        at += case["length"]
    for archive, every in (("tiff", 48), ("others", 12)):
        with tarfile.open(GOLDEN / f"containers/{archive}.tar.gz") as tar:
            members = [m for m in tar.getmembers() if not m.name.endswith((".rgb", ".json"))]
            for member in members[::every]:
                content = tar.extractfile(member).read()
                if len(content) < 5000:
                    write("picture", member.name.replace("/", "_"), content)


TABLES = {
    "plain": "path,label\na/1.png,cat\na/2.png,dog\n",
    "quoted": 'path,label\n"a,1.png","the ""cat"""\n"b\n.png",dog\n',
    "semicolons": "sep=;\npath;label;split\na.png;x;train\nb.png;y;test\n",
    "tabs": "path\tlabel\na.png\tx\nb.png\ty\n",
    "classes": "path,a,b,c\n1.png,1,0,0\n2.png,0.0,1.0,u\n3.png,,-1,1\n",
    "lists": "path,label\n1.png,\"['a', 'b']\"\n2.png,[]\n3.png,\"['c']\"\n",
    "groups": "filename,class,group,fold\n1.jpg,x,p1,0\n2.jpg,y,p2,1\n3.jpg,x,p1,val\n",
    "uneven": "path,label,\na.png,x\nb.png,y,,,\n\n,\n",
    "windows": "path,label\r\na\\1.png,x\r\nb\\2.png,y\r\n",
    "names": "path,label\nImg001,caf\u00e9\nImg002,cafe\u0301\n",
}


def tables():
    for name, text in TABLES.items():
        write("table", f"{name}.csv", text.encode())
    write("table", "utf16le.csv", b"\xff\xfe" + TABLES["plain"].encode("utf-16-le"))
    write("table", "utf16be.csv", b"\xfe\xff" + TABLES["names"].encode("utf-16-be"))
    write("table", "mark.csv", b"\xef\xbb\xbf" + TABLES["semicolons"].encode())
    write("table", "latin1.csv", "path,label\na.png,caf\u00e9\n".encode("latin-1"))


def parquet():
    strings = pa.table({"path": ["a/1.png", "a/2.png", "b/1.png"], "label": ["a", "a", None]})
    lists = pa.table({"path": ["1.png", "2.png"], "label": [["a", "b"], []]})
    numbers = pa.table({"path": ["1", "2"], "a": [1, 0], "b": [0.0, None], "c": [True, False]})
    embedded = pa.table({"image": [{"bytes": b"\xff\xd8\xff", "path": "1.jpg"}], "label": [1]})
    for name, table in {"strings": strings, "lists": lists, "numbers": numbers, "embedded": embedded}.items():
        for compression in ("NONE", "SNAPPY"):
            for dictionary in (True, False):
                file = io.BytesIO()
                pq.write_table(table, file, compression=compression, use_dictionary=dictionary)
                write("parquet", f"{name}-{compression.lower()}-{int(dictionary)}.parquet", file.getvalue())


def shards():
    picture = (DECODE / "jpeg_gray.jpg").read_bytes()
    members = {"a.jpg": picture, "a.cls": b"cat", "b.jpg": picture, "b.cls": b"1", "._c.jpg": b"x"}
    labels = {"a.jpg": picture, "a.json": b'{"label": 3}', "__MACOSX/a.jpg": b"", "long/" * 30 + "b.jpg": picture}
    for kind, form in {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}.items():
        for name, content in {"classes": members, "labels": labels}.items():
            file = io.BytesIO()
            with tarfile.open(fileobj=file, mode="w", format=form) as tar:
                for member, value in content.items():
                    info = tarfile.TarInfo(member)
                    info.size = len(value)
                    tar.addfile(info, io.BytesIO(value))
            write("shards", f"{name}-{kind}.tar", file.getvalue().rstrip(b"\0") + bytes(1024))


def safetensors(header, values):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + values


def networks():
    tensor = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
    foreign = {"__metadata__": {"format": "pt"}, "fc.weight": tensor}
    for target in ("safetensors", "checkpoint", "model"):
        write(target, "foreign.safetensors", safetensors(foreign, bytes(16)))
        write(target, "nothing.safetensors", safetensors({}, b""))
    write("checkpoint", "onnx.bin", b"\x08\x07\x12\x07pytorch\x1a\x032.0:\x10\x0a\x01x\x12\x01y")
    write("checkpoint", "keras.h5", b"\x89HDF\r\n\x1a\n" + bytes(88))


SETTINGS = {
    "source": '[data]\nkind = "table"\npath = "t.csv"\n\n[data.columns]\nlabel = ["a", "b"]\nseparator = "|"\nblank = "negative"\n',
    "steps": 'data = "d"\nrecipe = "lp-ft"\nepochs = 3\nlr = 1e-3\nseed = 18446744073709551615\n',
    "unknown": 'data = "d"\nbackbon = "x"\nval = nan\ntest = -inf\n',
}


def settings():
    for name, text in SETTINGS.items():
        write("settings", f"{name}.toml", text.encode())


for part in (pictures, tables, parquet, shards, networks, settings):
    part()
