"""sentence-transformers' `encode` as its card shows it: MODEL BATCH.

The first line that it writes says that the model is loaded. A question is {"texts": [...], "out": PATH}; the answer is
{"seconds": s}, and the vectors lie at PATH as numpy's array.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports]  # in an environment of its own


def main(path: str, batch: str) -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    model = SentenceTransformer(path, device="cpu")
    model.encode(["Warm up."])
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        started = time.perf_counter()
        vectors = model.encode(question["texts"], batch_size=int(batch), show_progress_bar=False)
        seconds = time.perf_counter() - started
        np.save(question["out"], vectors)
        print(json.dumps({"seconds": seconds}), file=out, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
