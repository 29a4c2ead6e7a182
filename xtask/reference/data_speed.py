"""Pictures per second of other programs, for `cargo xtask bench data`.

Run:    python xtask/reference/data_speed.py FOLDER PROGRAM WORKERS
Prints: one JSON object, with the fastest of two epochs after one that warms up, and, where all work is done in this
process, the least processor time for a picture, in milliseconds: on a machine that is shared, the more reliable of the two

PROGRAM: pil, torchvision: decoding alone, in process. pil-augment, torchvision-augment: RandomResizedCrop(224), flip,
normalisation; WORKERS 0 is in process, else so many DataLoader processes. keras-augment: tf.data with
decode_and_crop_jpeg and resize without antialiasing, as Keras' own pipelines have it; WORKERS threads.
keras-augment-antialias: with antialiasing, which is the work that the others do.
Needs torch and torchvision, or tensorflow.
"""

import json
import sys
import time
from pathlib import Path

FOLDER, PROGRAM, WORKERS = sys.argv[1], sys.argv[2], int(sys.argv[3])
FILES = sorted(str(path) for path in Path(FOLDER).glob("*/*.jpg"))
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Pictures:
    def __init__(self, read):
        self.read = read

    def __len__(self):
        return len(FILES)

    def __getitem__(self, index):
        return self.read(FILES[index])


def torch_epochs():
    import torch
    from PIL import Image
    from torchvision import transforms
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms import v2

    torch.set_num_threads(1)
    v1 = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.ToTensor()]
    v1 = transforms.Compose([*v1, transforms.Normalize(MEAN, STD)])
    both = [v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip()]
    both = v2.Compose([*both, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])

    def pil(path):
        with open(path, "rb") as file:
            return Image.open(file).convert("RGB")

    def tensor(path):
        return decode_jpeg(read_file(path), mode=ImageReadMode.RGB)

    def decode_all(read):
        return lambda: sum(read(path) is not None for path in FILES)

    def load(read):
        loader = torch.utils.data.DataLoader(
            Pictures(read), batch_size=32, shuffle=True, num_workers=WORKERS, persistent_workers=WORKERS > 0
        )
        return lambda: sum(len(batch) for batch in loader)

    return {
        "pil": lambda: decode_all(pil),
        "torchvision": lambda: decode_all(tensor),
        "pil-augment": lambda: load(lambda path: v1(pil(path))),
        "torchvision-augment": lambda: load(lambda path: both(tensor(path))),
    }[PROGRAM]()


def keras_epochs():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(WORKERS)
    tf.config.threading.set_inter_op_parallelism_threads(WORKERS)

    def read(path):
        content = tf.io.read_file(path)
        begin, size, _ = tf.image.sample_distorted_bounding_box(
            tf.image.extract_jpeg_shape(content),
            tf.zeros([1, 0, 4]),
            aspect_ratio_range=(3 / 4, 4 / 3),
            area_range=(0.08, 1.0),
            max_attempts=10,
            use_image_if_no_bounding_boxes=True,
        )
        crop = tf.concat([begin[:2], size[:2]], 0)
        image = tf.image.resize(tf.image.decode_and_crop_jpeg(content, crop, channels=3), (224, 224), antialias=PROGRAM.endswith("antialias"))
        return (tf.image.random_flip_left_right(image) / 255.0 - tf.constant(MEAN)) / tf.constant(STD)

    options = tf.data.Options()
    options.threading.private_threadpool_size = WORKERS
    options.threading.max_intra_op_parallelism = 1
    pictures = tf.data.Dataset.from_tensor_slices(FILES).shuffle(len(FILES))
    pictures = pictures.map(read, num_parallel_calls=WORKERS).batch(32).prefetch(2).with_options(options)
    return lambda: sum(len(batch) for batch in pictures)


def main():
    epoch = keras_epochs() if PROGRAM.startswith("keras") else torch_epochs()
    best, least = 0.0, float("inf")
    for number in range(3):
        begun, processor = time.perf_counter(), time.process_time()
        pictures = epoch()
        assert pictures == len(FILES)
        if number > 0:
            best = max(best, pictures / (time.perf_counter() - begun))
            least = min(least, (time.process_time() - processor) * 1e3 / pictures)
    own = WORKERS == 0 or PROGRAM.startswith("keras")
    result = {"program": PROGRAM, "workers": WORKERS, "pictures_per_second": best}
    print(json.dumps(result | {"processor_milliseconds": least if own else None}))


if __name__ == "__main__":
    main()
