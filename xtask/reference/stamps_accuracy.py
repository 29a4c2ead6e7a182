"""Accuracy of scikit-learn's logistic regression on datasets/stamps, by way of preparing the pictures.

Run:    python xtask/reference/stamps_accuracy.py      (needs torch, timm, scikit-learn, pillow, scikit-image)
Writes: xtask/reference/stamps_accuracy.json

Features: the 1280 pooled activations of EfficientNet-Lite0 with the embedded weights. Head: StandardScaler and
LogisticRegression(C=1), scored by the share of pictures predicted right in 5-fold stratified cross-validation, the
scaler fitted within each fold. Five seeds shuffle the folds.
"""

import json
from pathlib import Path

import numpy as np
import PIL
import sklearn
import timm
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from efficientnet_lite import ROOT, SIZE, crop, load_model, to_input

STAMPS = ROOT / "datasets/stamps"
SEEDS = range(5)


def read(path):
    """RGB, the palette expanded and alpha composited on white."""
    image = Image.open(path)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def squash(image):
    return image.resize((SIZE, SIZE), Image.BICUBIC)


def letterbox(image):
    """The whole picture, scaled up or down to fit, centred on white."""
    scale = SIZE / max(image.size)
    w, h = (max(1, round(side * scale)) for side in image.size)
    out = Image.new("RGB", (SIZE, SIZE), "white")
    out.paste(image.resize((w, h), Image.BICUBIC), ((SIZE - w) // 2, (SIZE - h) // 2))
    return out


def main():
    torch.set_num_threads(2)
    model = load_model()
    files = sorted(path for path in STAMPS.glob("*/*") if path.is_file())
    labels = np.array([path.parent.name for path in files])
    pictures = [read(path) for path in files]
    assert len(files) == 188 and len(set(labels)) == 6

    modes = {}
    for mode, prepare in {"crop": crop, "squash": squash, "letterbox": letterbox}.items():
        x = torch.cat([to_input(prepare(picture)) for picture in pictures])
        with torch.inference_mode():
            features = torch.cat([model.global_pool(model.forward_features(part)) for part in x.split(16)]).numpy()
        scores = []
        for seed in SEEDS:
            head = make_pipeline(StandardScaler(), LogisticRegression(C=1, max_iter=5000))
            folds = StratifiedKFold(5, shuffle=True, random_state=seed)
            scores.append(float((cross_val_predict(head, features, labels, cv=folds) == labels).mean()))
        modes[mode] = {
            "mean": round(float(np.mean(scores)), 4),
            "sd": round(float(np.std(scores, ddof=1)), 4),
            "seeds": [round(score, 4) for score in scores],
        }
        print(mode, modes[mode], flush=True)

    about = (
        "Accuracy (share of the 188 pictures) in 5-fold stratified cross-validation: mean and sample standard "
        "deviation over the seeds 0..4 of the folds."
    )
    versions = {m.__name__: m.__version__ for m in (torch, timm, sklearn, PIL, np)}
    rows = ",\n".join(f"    {json.dumps(mode)}: {json.dumps(row)}" for mode, row in modes.items())
    Path(__file__).with_suffix(".json").write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "script": "xtask/reference/stamps_accuracy.py",\n'
        f'  "versions": {json.dumps(versions)},\n  "pictures": {len(files)},\n  "modes": {{\n{rows}\n  }}\n}}\n'
    )


if __name__ == "__main__":
    main()
