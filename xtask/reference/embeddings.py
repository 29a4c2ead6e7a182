"""Reads what `tl extract` writes with pyarrow, pandas, numpy and safetensors, and compares the three formats.

Run:    for ending in parquet npy safetensors; do tl extract PICTURES --out FOLDER/f.$ending; done
        python xtask/reference/embeddings.py FOLDER/f      (needs numpy, pandas, pyarrow, safetensors)
Prints: shapes, types and what the files say of themselves; fails if they hold different numbers, paths or labels.
"""

import json
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from safetensors import safe_open


def from_npy(path):
    array, table = np.load(path), pd.read_csv(f"{path}.csv", keep_default_na=False)
    assert list(table["row"]) == list(range(len(array)))
    labels = [text.split("|") if text else [] for text in table["label"].astype(str)]
    return array, list(table["path"]), labels


def from_safetensors(path):
    with safe_open(path, "numpy") as file:
        about, features, labels = file.metadata(), file.get_tensor("features"), file.get_tensor("labels")
    classes = json.loads(about["classes"])
    hot = labels if labels.ndim == 2 else [np.arange(len(classes)) == label for label in labels]
    labels = [[name for name, here in zip(classes, row) if here] for row in hot]
    return features, json.loads(about.pop("paths")), labels, about


def from_parquet(path):
    table = pq.read_table(path)
    about = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    print(table.schema.remove_metadata())
    frame = pd.read_parquet(path)
    features = np.stack(frame["features"]) if len(frame) else np.zeros((0, 0), np.float32)
    features = features.reshape(len(frame), *json.loads(about["shape"]))
    labels = [[] if label is None or label is pd.NA or label != label else label for label in table["label"].to_pylist()]
    return features, list(frame["path"]), [[label] if isinstance(label, str) else label for label in labels], about


def main(stem):
    array, paths, labels = from_npy(f"{stem}.npy")
    tensor, *of_tensor = from_safetensors(f"{stem}.safetensors")
    lists, *of_lists = from_parquet(f"{stem}.parquet")
    for name, values in [("npy", array), ("safetensors", tensor), ("parquet", lists)]:
        print(name, values.shape, values.dtype)
        assert values.dtype == np.float32 and values.shape == array.shape
        assert np.array_equal(values, array), f"{name} differs"
    assert [paths, labels] == of_tensor[:2] == of_lists[:2]
    assert of_tensor[2] == of_lists[2]
    for key, value in of_lists[2].items():
        print(f"{key}: {value[:100]}")
    print("first row:", paths[0], labels[0], array[0].ravel()[:4])


if __name__ == "__main__":
    main(sys.argv[1])
