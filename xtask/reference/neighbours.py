"""scikit-learn's nearest neighbours by cosine, and nearest class means, as the reference of the project's own.

Run:    python xtask/reference/neighbours.py      (needs numpy, scikit-learn)
Writes: crates/tl-heads/tests/golden/neighbours.json

On the problem of logistic.py: the first 40 rows are stored, the others asked for.
"""

import json

import numpy as np
import sklearn
from logistic import CLASSES, ROOT, problem
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

OUT = ROOT / "crates/tl-heads/tests/golden/neighbours.json"
STORED = 40


def main():
    x, y = problem()
    stored, labels, asked = x[:STORED], y[:STORED], x[STORED:]
    values = {}
    for k in (1, 5, 40):
        model = KNeighborsClassifier(k, metric="cosine", algorithm="brute").fit(stored, labels)
        values[f"neighbours_{k}"] = model.predict_proba(asked)
    means = [normalize(stored[labels == label]).mean(0) for label in range(CLASSES)]
    values["cosine_to_mean"] = cosine_similarity(asked, means)
    versions = {m.__name__: m.__version__ for m in (sklearn, np)}
    rows = {"about": "[sample][class], good to 8 decimals.", "script": "xtask/reference/neighbours.py"}
    rows |= {"versions": versions, "stored": STORED}
    rows |= {name: array.round(8).tolist() for name, array in values.items()}
    OUT.write_text("{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items()) + "\n}\n")


if __name__ == "__main__":
    main()
