"""Activations and predictions of EfficientNet-Lite0 by timm, with the weights the project embeds.

Run:    python xtask/reference/efficientnet_lite.py
        (needs torch, timm, safetensors, pillow, scikit-image; run imagenet_classes.py first)
Writes: crates/tl-backbones/tests/golden/{chelsea,coffee,rocket}_224.png    the network's input, as pixels
        crates/tl-backbones/tests/golden/efficientnet_lite0.safetensors     activations for these inputs
        crates/tl-pipeline/tests/golden/{chelsea.png,coffee.png,rocket.jpg}    scikit-image's files, as shipped
        crates/tl-pipeline/tests/golden/top5.json                              predictions from these files

The stages come from the committed 224x224 PNG, so that a difference there is the network's alone; top5.json comes
from the original files, through the whole pipeline. `load_model`, `to_input` and `crop` serve the other scripts too.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import PIL
import skimage
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "crates/tl-weights/assets/efficientnet_lite0.in1k.f16.safetensors"
CLASSES = ROOT / "crates/tl-weights/assets/imagenet_classes.txt"
PICTURES = ["chelsea.png", "coffee.png", "rocket.jpg"]
SIZE, RESIZE = 224, 256  # 256 = floor(224 / crop_pct 0.875)
RULE = (
    "NAME.<stage> holds every k-th value of the activation flattened in CHW order: element i is flat[i * k], for all "
    "i * k < numel, where k is numel // 1024 or the next number without the factors 2 and 7 of the widths, so that every "
    "column is sampled. NAME.<stage>.stats = [mean, population std, max abs] of the "
    "whole activation. NAME.pooled and NAME.logits are complete."
)


def load_model(dtype=torch.float32):
    """timm's tf_efficientnet_lite0 in eval mode with the embedded weights, widened from f16 to `dtype`."""
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    model.load_state_dict({key: value.float() for key, value in load_file(WEIGHTS).items()}, strict=True)
    return model.eval().to(dtype)


def crop(image):
    """Shorter side to 256, bicubic (the longer side truncated), then the centre 224x224, as timm evaluates."""
    w, h = image.size
    short = min(w, h)
    image = image.resize((w * RESIZE // short, h * RESIZE // short), Image.BICUBIC)
    w, h = image.size
    left, top = round((w - SIZE) / 2), round((h - SIZE) / 2)
    return image.crop((left, top, left + SIZE, top + SIZE))


def to_input(image):
    """RGB picture -> [1, 3, H, W] float32, (x / 255 - 0.5) / 0.5."""
    x = torch.from_numpy(np.array(image)).permute(2, 0, 1).to(torch.float32)
    return ((x / 255 - 0.5) / 0.5)[None]


def activations(model, x):
    """The named activations of a batch of one, without the batch axis."""
    out = {}
    out["stem"] = x = model.bn1(model.conv_stem(x))  # bn1 includes the ReLU6
    for i, block in enumerate(model.blocks):
        out[f"stage{i}"] = x = block(x)
    out["conv_head"] = x = model.bn2(model.conv_head(x))  # bn2 includes the ReLU6
    out["pooled"] = x = model.global_pool(x)
    out["logits"] = model.classifier(x)
    # ReLU6 works in place, but only on its own batch norm's output, so what is kept here is final.
    return {name: value[0] for name, value in out.items()}


def sampling(numel):
    """About 1,024 of `numel` values, with a step that shares no factor with any stage's width (2^n * 7)."""
    step = max(1, numel // 1024)
    while step % 2 == 0 or step % 7 == 0:
        step += 1
    return step


def golden(name, acts):
    tensors = {}
    for stage, value in acts.items():
        flat = value.flatten()
        if stage in ("pooled", "logits"):
            tensors[f"{name}.{stage}"] = flat.contiguous()
            continue
        tensors[f"{name}.{stage}"] = flat[:: sampling(flat.numel())].contiguous()
        wide = flat.double()
        stats = torch.stack([wide.mean(), wide.std(unbiased=False), wide.abs().max()])
        tensors[f"{name}.{stage}.stats"] = stats.float()
    return tensors


def main():
    torch.set_num_threads(2)
    versions = {m.__name__: m.__version__ for m in (torch, timm, skimage, PIL)}
    model, wide_model = load_model(), load_model(torch.float64)
    names = CLASSES.read_text(encoding="utf-8").splitlines()
    backbones, train = ROOT / "crates/tl-backbones/tests/golden", ROOT / "crates/tl-pipeline/tests/golden"
    for folder in (backbones, train):
        folder.mkdir(parents=True, exist_ok=True)

    tensors, top5 = {}, {}
    for file in PICTURES:
        name = Path(file).stem
        shutil.copyfile(Path(skimage.__file__).parent / "data" / file, train / file)
        image = crop(Image.open(train / file).convert("RGB"))
        image.info.clear()  # the ICC profile, which nothing here applies
        png = backbones / f"{name}_224.png"
        image.save(png, optimize=True)

        with torch.inference_mode():
            x = to_input(Image.open(png))
            acts = activations(model, x)
            assert torch.equal(acts["logits"], model(x)[0])
            exact = activations(wide_model, x.double())
            probabilities = model(to_input(image)).softmax(1)[0]
        tensors |= golden(name, acts)
        top5[file] = [[i, names[i], round(p, 6)] for p, i in zip(*(v.tolist() for v in probabilities.topk(5)))]
        print(file, top5[file])
        worst = {s: ((v - exact[s]).abs().max() / exact[s].abs().max()).item() for s, v in acts.items()}
        print("  f32 against f64, largest difference over largest value:", {s: f"{d:.0e}" for s, d in worst.items()})

    assert top5["coffee.png"][0][1] == "espresso" and top5["coffee.png"][0][2] > 0.9
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    # One entry only: safetensors writes several in a random order, and the file should not change from run to run.
    metadata = {"about": f"Written by xtask/reference/efficientnet_lite.py with {made}. {RULE}"}
    out = backbones / "efficientnet_lite0.safetensors"
    save_file(tensors, out, metadata=metadata)
    out.chmod(0o644)

    about = (
        "Top 5 as [class index, class name, probability]. Pillow open -> RGB -> shorter side to 256, bicubic, the "
        "longer side truncated -> centre crop 224, offset rounded half to even -> (x / 255 - 0.5) / 0.5 -> "
        "tf_efficientnet_lite0 in f32 -> softmax."
    )
    lines = [f"    {json.dumps(file)}: [\n" + ",\n".join(f"      {json.dumps(row)}" for row in rows) + "\n    ]"
             for file, rows in top5.items()]
    (train / "top5.json").write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "script": "xtask/reference/efficientnet_lite.py",\n'
        f'  "versions": {json.dumps(versions)},\n  "pictures": {{\n' + ",\n".join(lines) + "\n  }\n}\n"
    )


if __name__ == "__main__":
    main()
