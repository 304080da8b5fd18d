"""How fast texts become vectors by AI_EMBED in SQL, beside sentence-transformers with the same model and threads.

    python bench/embedding.py --rival PYTHON --folder FOLDER [--texts 2000] [--model all-minilm-l6-v2] [--batch 32] [--threads 2]
                              [--rounds 3] [--out FILE]

PYTHON is that of an environment with `pip install sentence-transformers`, FOLDER that of the same model's files. The texts are
short: a ticket's first words and a number, all different. Ours and the rival take turns, in both orders; the best of the rounds
counts. Ours is CREATE TABLE ... AS SELECT AI_EMBED(...), so that it holds the plan, the process of the models, and the vectors' way
into the table; the cache is off. The greatest difference between two vectors' elements is told. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sapwood
from sapwood.connection import Cursor

RIVAL = Path(__file__).parent / "rivals" / "with_sentence_transformers.py"
TICKETS = "s3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/"
WORDS = 24
"""Words of a text at most."""


def main() -> None:
    options = read_options()
    with (
        tempfile.TemporaryDirectory() as folder,
        sapwood.connect(folder, flags={"inference.threads": options.threads}) as connection,
    ):
        cursor = connection.cursor()
        texts = make_texts(cursor, options.texts)
        ours = embed(cursor, options.model)  # loads the model
        rival = start_rival(options)
        theirs = ask_rival(rival, texts, Path(folder) / "theirs.npy")
        seconds: dict[str, list[float]] = {"ours": [], "sentence-transformers": []}
        for turn in range(options.rounds):
            order = ("ours", "sentence-transformers") if turn % 2 else ("sentence-transformers", "ours")
            for who in order:
                asked = (
                    embed(cursor, options.model)
                    if who == "ours"
                    else ask_rival(rival, texts, Path(folder) / "theirs.npy")
                )
                seconds[who].append(asked)
        difference = float(np.abs(vectors(cursor) - np.load(Path(folder) / "theirs.npy")).max())
        rival.communicate()
    best = {who: min(times) for who, times in seconds.items()}
    result = {
        "bench": "embedding",
        "date": time.strftime("%Y-%m-%d"),
        "model": options.model,
        "texts": options.texts,
        "threads": options.threads,
        "first_seconds": {"ours": round(ours, 2), "sentence-transformers": round(theirs, 2)},
        "texts_per_s": {who: round(options.texts / best[who], 1) for who in best},
        "ratio": round(best["sentence-transformers"] / best["ours"], 3),
        "greatest_difference": difference,
    }
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rival", type=Path, required=True, help="a Python that has sentence-transformers")
    parser.add_argument(
        "--folder", type=Path, required=True, help="the model's files, as sentence-transformers reads them"
    )
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--model", default="all-minilm-l6-v2")
    parser.add_argument("--batch", type=int, default=32, help="the rival's batch size; 32 is its default")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


# Ours ------------------------------------------------------------------------------------------------------------------


def make_texts(cursor: Cursor, count: int) -> list[str]:
    """The table TEXTS, and its texts in order."""
    cursor.execute("ALTER SESSION SET USE_CACHED_RESULT = FALSE")
    cursor.execute(
        f"CREATE STAGE tickets URL = '{TICKETS}' FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"')"
    )
    cursor.execute(
        f"CREATE TABLE texts AS SELECT n, request || ' ' || n AS body FROM"
        f" (SELECT ARRAY_TO_STRING(ARRAY_SLICE(SPLIT($5, ' '), 0, {WORDS} - 1), ' ') AS request, ROW_NUMBER() OVER (ORDER BY $1) AS at FROM @tickets)"
        f" JOIN (SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => {count}))) ON at = MOD(n, 1000) + 1"
    )
    return [str(body) for (body,) in cursor.execute("SELECT body FROM texts ORDER BY n").fetchall()]


def embed(cursor: Cursor, model: str) -> float:
    """Seconds that all vectors took."""
    started = time.perf_counter()
    cursor.execute(f"CREATE OR REPLACE TABLE vectors AS SELECT n, AI_EMBED('{model}', body) AS v FROM texts")
    return time.perf_counter() - started


def vectors(cursor: Cursor) -> NDArray[np.float32]:
    return np.array([v for (v,) in cursor.execute("SELECT v FROM vectors ORDER BY n").fetchall()], np.float32)


# The rival -------------------------------------------------------------------------------------------------------------


def start_rival(options: argparse.Namespace) -> subprocess.Popen[str]:
    """The rival's process, its model loaded, with as many threads as ours."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(options.threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true",
    }
    process = subprocess.Popen(
        [str(options.rival), str(RIVAL), str(options.folder), str(options.batch)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None and json.loads(process.stdout.readline())["ready"]
    return process


def ask_rival(rival: subprocess.Popen[str], texts: list[str], out: Path) -> float:
    assert rival.stdin is not None and rival.stdout is not None
    rival.stdin.write(json.dumps({"texts": texts, "out": str(out)}) + "\n")
    rival.stdin.flush()
    return float(json.loads(rival.stdout.readline())["seconds"])


if __name__ == "__main__":
    main()
