"""scikit-learn's digits as PNG files, one folder per digit: 1,797 pictures of 8 x 8 pixels, enlarged four times.

    digits.py FOLDER        needs scikit-learn and pillow
"""

import sys
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

folder = Path(sys.argv[1])
digits = load_digits()
for number, (image, digit) in enumerate(zip(digits.images, digits.target)):
    (folder / str(digit)).mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray((image * 255 / 16).astype("uint8")).resize((32, 32), Image.Resampling.BICUBIC)
    picture.save(folder / str(digit) / f"{number:04}.png")
