"""TensorBoard's own writer and reader, as the reference of the project's event files.

Run:    python xtask/reference/tensorboard_events.py              (needs tensorboard)
Writes: crates/tl-report/tests/golden/scalars.tfevents

Run:    python xtask/reference/tensorboard_events.py RUN/tensorboard
Prints: every scalar that TensorBoard finds there, how many of it and the last; fails if a record is damaged.
"""

import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-report/tests/golden/scalars.tfevents"


def write():
    steps = [
        (0, [("train/loss", 1.75), ("train/learning_rate", 1e-3)]),
        (300, [("val/loss", 0.1), ("val/accuracy", 1.0)]),
    ]
    events = [Event(file_version="brain.Event:2")]
    for step, scalars in steps:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars]
        events.append(Event(step=step, summary=Summary(value=values)))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with open(OUT, "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
        writer.flush()
    print(OUT.relative_to(ROOT), OUT.stat().st_size, "bytes")


def read(folder):
    for file in sorted(Path(folder).rglob("*tfevents*")):
        records = sum(1 for _ in LegacyEventFileLoader(str(file)).Load())
        found = EventAccumulator(str(file), size_guidance={"scalars": 0}).Reload()
        print(f"{file}: {records} records, {file.stat().st_size} bytes")
        for tag in found.Tags()["scalars"]:
            scalars = found.Scalars(tag)
            last = scalars[-1]
            print(f"  {tag}: {len(scalars)} scalars, steps {scalars[0].step} to {last.step}, last {last.value:.6g}")


if __name__ == "__main__":
    read(sys.argv[1]) if len(sys.argv) > 1 else write()
