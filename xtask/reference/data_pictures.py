"""2,000 natural-looking JPEGs of 500 x 375 pixels at quality 90, for `cargo xtask bench data`.

Run:    python xtask/reference/data_pictures.py FOLDER      (needs numpy, pillow, scikit-image, scikit-learn)
Writes: FOLDER/class0 .. class3, 500 pictures each

Pieces of the sample photographs of scikit-image and scikit-learn: scaled, flipped, brightened, with a little sensor noise.
"""

import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance
from skimage import data
from sklearn.datasets import load_sample_images

W, H = 500, 375
CLASSES = [["china", "camera", "brick"], ["flower", "grass"], ["astronaut", "chelsea", "rocket"], ["coffee", "gravel"]]


def photographs():
    china, flower = load_sample_images().images
    photos = {"china": china, "flower": flower}
    photos |= {name: getattr(data, name)() for names in CLASSES for name in names if name not in photos}
    return {name: Image.fromarray(array).convert("RGB") for name, array in photos.items()}


def picture(rng, photo):
    w, h = photo.size
    crop_w = min(w, h * W / H) * rng.uniform(0.45, 1.0)
    crop_h = crop_w * H / W
    x, y = rng.uniform(0, w - crop_w), rng.uniform(0, h - crop_h)
    image = photo.resize((W, H), Image.BICUBIC, box=(x, y, x + crop_w, y + crop_h))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast):
        image = enhance(image).enhance(rng.uniform(0.7, 1.3))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 5), (H, W, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def main():
    rng, photos = random.Random(7), photographs()
    for label, names in enumerate(CLASSES):
        folder = Path(sys.argv[1]) / f"class{label}"
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(500):
            picture(rng, photos[rng.choice(names)]).save(folder / f"{index:03}.jpg", quality=90, subsampling="4:2:0")


if __name__ == "__main__":
    main()
