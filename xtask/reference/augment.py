"""torchvision, Keras and fastai's formulas as references of the project's own augmentation.

Run:    KERAS_BACKEND=torch python xtask/reference/augment.py   (needs pillow, numpy, scipy, torch, torchvision, keras 3)
Writes: crates/tl-image/tests/golden/augment/NAME.png        what each operation makes of a 48 x 48 cut-out, 8-bit RGB
        crates/tl-image/tests/golden/augment/index.json      what is what
        crates/tl-image/tests/golden/augment/crops.json      how torchvision draws crops and erased parts

The source is crates/tl-image/tests/golden/resize/src_160x90.png; "cut" cases take [60, 20, 108, 68] of it, the others
the whole. fastai is not imported: its three formulas are short and repeated here in numpy and grid_sample.
"""

import json
import math
from pathlib import Path

import keras
import numpy as np
import scipy
import torch
import torchvision
from keras.src.legacy.preprocessing.image import apply_affine_transform, apply_brightness_shift, apply_channel_shift
from PIL import Image
from torchvision.transforms import RandomErasing, RandomResizedCrop
from torchvision.transforms.v2 import functional as F

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "crates/tl-image/tests/golden"
OUT = GOLDEN / "augment"
BILINEAR = torchvision.transforms.InterpolationMode.BILINEAR
SIDE = 48


def whole():
    picture = np.asarray(Image.open(GOLDEN / "resize/src_160x90.png").convert("RGB"))
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)


def cut():
    return whole()[:, 20 : 20 + SIDE, 60 : 60 + SIDE].contiguous()


def keras_affine(fill_mode="nearest", **parameters):
    x = cut().permute(1, 2, 0).numpy().astype("float32")
    y = apply_affine_transform(x, row_axis=0, col_axis=1, channel_axis=2, fill_mode=fill_mode, order=1, **parameters)
    return from_hwc(y)


def to_pillow(picture):
    return Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())


def from_hwc(y):
    return torch.from_numpy(np.clip(np.rint(y), 0, 255).astype("uint8")).permute(2, 0, 1)


def fastai_lighting(brightness, contrast):
    x = (cut().double() / 255).clamp(1e-7, 1 - 1e-7)
    logits = -(1 / x - 1).log()
    change = -math.log(1 / brightness - 1)
    return (torch.sigmoid((logits + change) * contrast) * 255).round().to(torch.uint8)


def fastai_warp(x, y):
    """find_coeffs and apply_perspective of fastai/vision/augment.py, on a grid; pixels as in align_corners=False."""
    corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    moved = [(-1 - y, -1 - x), (-1 + y, 1 + x), (1 + y, -1 + x), (1 - y, 1 - x)]
    rows = []
    for (u, v), (p, q) in zip(corners, moved):
        rows.append([p, q, 1, 0, 0, 0, -u * p, -u * q])
        rows.append([0, 0, 0, p, q, 1, -v * p, -v * q])
    a, b, c, d, e, f, g, h = np.linalg.solve(np.array(rows, float), np.array(corners, float).ravel())
    place = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    px, py = np.meshgrid(place, place)
    w = g * px + h * py + 1
    grid = np.stack([(a * px + b * py + c) / w, (d * px + e * py + f) / w], -1)
    return sampled(grid, "reflection")


def fastai_rotate_zoom(degrees, zoom, x, y):
    """rotate_mat and zoom_mat, composed as AffineCoordTfm does."""
    t = math.radians(degrees)
    s = 1 / zoom
    rotate = np.array([[math.cos(t), math.sin(t), 0], [-math.sin(t), math.cos(t), 0], [0, 0, 1]])
    magnify = np.array([[s, 0, (1 - s) * (2 * x - 1)], [0, s, (1 - s) * (2 * y - 1)], [0, 0, 1]])
    place = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    px, py = np.meshgrid(place, place)
    points = np.stack([px, py, np.ones_like(px)], -1) @ (rotate @ magnify).T
    return sampled(points[..., :2], "reflection")


def sampled(grid, padding):
    picture = cut().double()[None]
    grid = torch.from_numpy(grid)[None]
    out = torch.nn.functional.grid_sample(picture, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    return out[0].round().clamp(0, 255).to(torch.uint8)


def corners_of_perspective(points):
    side = SIDE - 1
    return F.perspective(cut(), [[0, 0], [side, 0], [side, side], [0, side]], points, BILINEAR)


def cases():
    # Without a fill, what lies outside is 0 and blends at the border. With fill=0 torchvision multiplies by the mask
    # twice, so borders are darker than either side.
    for degrees in [20, -135]:
        yield "rotate", [degrees], F.rotate(cut(), degrees, BILINEAR)
    for x, y in [(0.3, 0.0), (0.0, -0.99)]:
        shear = [math.degrees(math.atan(x)), math.degrees(math.atan(y))]
        yield "shear", [x, y], F.affine(cut(), 0.0, [0, 0], 1.0, shear, BILINEAR, center=[0, 0])
    yield "translate", [7, -11], F.affine(cut(), 0.0, [7, -11], 1.0, [0.0, 0.0], BILINEAR)
    yield "affine", [-30, 5, 3, 1.3], F.affine(cut(), 30.0, [5, 3], 1.3, [0.0, 0.0], BILINEAR)
    for points in [[[3, 5], [40, 2], [45, 41], [8, 44]], [[12, 0], [35, 8], [47, 47], [2, 30]]]:
        yield "perspective", sum(points, []), corners_of_perspective(points)
    resized = F.resize(whole(), [SIDE, SIDE], BILINEAR, antialias=True)
    yield "squash_rotate", [20], F.rotate(resized, 20, BILINEAR)
    for left, top, width, height in [(11, 7, 90, 70), (60, 20, 31, 40), (0, 0, 160, 90)]:
        box = F.resized_crop(whole(), top, left, height, width, [SIDE, SIDE], BILINEAR, antialias=True)
        yield "resized_crop", [left, top, width, height], box
        # The kernel reads across the box, as ours does; torchvision cuts first.
        pillow = to_pillow(whole()).resize((SIDE, SIDE), Image.BILINEAR, box=(left, top, left + width, top + height))
        yield "resized_box", [left, top, width, height], from_hwc(np.asarray(pillow))
    crop = F.resized_crop(whole(), 7, 11, 70, 90, [SIDE, SIDE], BILINEAR, antialias=True)
    yield "resized_crop_flip", [11, 7, 90, 70], F.horizontal_flip(crop)

    for factor in [0.0, 0.4, 1.7]:
        yield "brightness", [factor], F.adjust_brightness(cut(), factor)
        yield "contrast", [factor], F.adjust_contrast(cut(), factor)
        yield "saturation", [factor], F.adjust_saturation(cut(), factor)
        yield "sharpness", [factor], F.adjust_sharpness(cut(), factor)
    for turns in [-0.5, -0.1, 0.3]:
        yield "hue", [turns], F.adjust_hue(cut(), turns)
    yield "gray", [], F.rgb_to_grayscale(cut(), 3)
    for kernel, sigma in [(3, 0.3), (9, 2.0), (23, 5.0)]:
        yield "blur", [kernel, sigma], F.gaussian_blur(cut(), [kernel, kernel], [sigma, sigma])
    for bits in [2, 5]:
        yield "posterize", [bits], F.posterize(cut(), bits)
    yield "solarize", [110.5], F.solarize(cut(), 110.5)
    yield "auto_contrast", [], F.autocontrast(F.adjust_contrast(cut(), 0.5))
    yield "equalize", [], F.equalize(cut())
    value = torch.tensor([124, 116, 104], dtype=torch.uint8)[:, None, None]
    yield "erase", [6, 10, 26, 40], F.erase(cut(), 10, 6, 30, 20, value)

    # scipy's "constant" does not blend at the border, and its "wrap" repeats the picture every n - 1 pixels.
    for mode in ["nearest", "reflect", "grid-wrap", "grid-constant"]:
        yield f"keras_{mode.removeprefix('grid-')}", [25, 5, -8, 12, 0.8, 1.2], keras_affine(
            mode, theta=25, tx=5, ty=-8, shear=12, zx=0.8, zy=1.2
        )
    x = cut().permute(1, 2, 0).numpy().astype("float32")
    yield "keras_channel_shift", [-35.3], from_hwc(apply_channel_shift(x, -35.3, 2))
    yield "keras_brightness", [1.4], from_hwc(apply_brightness_shift(x, 1.4, False))
    yield "fastai_lighting", [0.57, 1.2], fastai_lighting(0.57, 1.2)
    yield "fastai_warp", [0.2, -0.15], fastai_warp(0.2, -0.15)
    yield "fastai_rotate_zoom", [8, 1.1, 0.2, 0.7], fastai_rotate_zoom(8, 1.1, 0.2, 0.7)


def steps(values, points=128):
    """The share of values up to each of some quantiles: [[value, share], ..]."""
    values = np.sort(np.asarray(values))
    places = np.unique(np.quantile(values, np.linspace(0, 1, points + 1)[1:-1], method="inverted_cdf"))
    shares = np.searchsorted(values, places, side="right") / len(values)
    return [[round(float(v), 9), round(float(s), 6)] for v, s in zip(places, shares)]


def crops(draws=20000):
    torch.manual_seed(1)
    rows = []
    for width, height in [(500, 375), (97, 131), (64, 300)]:
        picture = torch.empty(3, height, width)
        boxes = [RandomResizedCrop.get_params(picture, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(draws)]
        top, left, h, w = np.array(boxes, float).T
        rows.append({
            "what": "crop", "width": width, "height": height, "draws": draws,
            "area": steps(h * w / (width * height)), "ratio": steps(w / h), "left": steps(left), "top": steps(top),
        })
    picture = torch.empty(3, 224, 224)
    drawn = [RandomErasing.get_params(picture, [0.02, 0.33], [0.3, 3.3], [0]) for _ in range(draws)]
    top, left, h, w = np.array([d[:4] for d in drawn], float).T
    rows.append({
        "what": "erase", "width": 224, "height": 224, "draws": draws,
        "area": steps(h * w / 224**2), "ratio": steps(h / w), "left": steps(left), "top": steps(top),
    })
    return rows


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    for kind, values, picture in cases():
        count = sum(row["kind"] == kind for row in rows)
        file = f"{kind}_{count}.png"
        to_pillow(picture).save(OUT / file, optimize=True)
        rows.append({"kind": kind, "values": values, "file": file})
    versions = {m.__name__: m.__version__ for m in (torch, torchvision, keras, scipy)}
    lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    (OUT / "index.json").write_text(
        f'{{\n  "script": "xtask/reference/augment.py",\n  "versions": {json.dumps(versions)},\n'
        f'  "cases": [\n{lines}\n  ]\n}}\n'
    )
    lines = ",\n".join(f"    {json.dumps(row)}" for row in crops())
    (OUT / "crops.json").write_text(f'{{\n  "script": "xtask/reference/augment.py",\n  "cases": [\n{lines}\n  ]\n}}\n')
    print(f"{len(rows)} cases, {sum(p.stat().st_size for p in OUT.iterdir())} bytes")


if __name__ == "__main__":
    main()
