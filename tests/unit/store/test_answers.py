"""The answer cache: durable, bounded, and empty of text after a purge."""

import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sapwood.errors import StorageFullError
from sapwood.store.answers import AnswerCache
from sapwood.store.records import CachedAnswer

DAY = 86_400_000


class Clock:
    """Epoch milliseconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 100 * DAY

    def __call__(self) -> int:
        return self.now


def answer(key: str, text: str = "yes") -> CachedAnswer:
    return CachedAnswer(
        key, text, "stop", prompt_tokens=5, completion_tokens=2, computed_tokens=4, seconds=0.5, model="m"
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[AnswerCache]:
    made = AnswerCache(tmp_path / "answers.sqlite", clock=clock)
    yield made
    made.close()


def test_answers_come_back_by_key(cache: AnswerCache) -> None:
    many = [answer(f"k{number}", f"text {number}") for number in range(1_200)]
    cache.put_many(many)
    assert cache.get_many([*(a.key for a in many), "missing", "k1"]) == {a.key: a for a in many}
    assert cache.get_many([]) == {}


def test_a_key_that_is_put_again_has_the_new_answer(cache: AnswerCache) -> None:
    cache.put_many([answer("k", "old")])
    cache.put_many([answer("k", "new")])
    assert cache.get_many(["k"])["k"].text == "new"


def test_only_the_owner_may_read_the_files(cache: AnswerCache, tmp_path: Path) -> None:
    cache.put_many([answer("k")])
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_old_answers_are_forgotten(cache: AnswerCache, clock: Clock) -> None:
    cache.put_many([answer("old")])
    clock.now += 31 * DAY
    cache.put_many([answer("new")])
    assert cache.prune(days=30, megabytes=10) == 1
    assert set(cache.get_many(["old", "new"])) == {"new"}


def test_the_oldest_answers_make_room(cache: AnswerCache, clock: Clock, tmp_path: Path) -> None:
    for number in range(4):
        clock.now += 1
        cache.put_many([answer(f"k{number}", "x" * 400_000)])
    assert cache.prune(days=30, megabytes=1) == 2
    assert set(cache.get_many([f"k{number}" for number in range(4)])) == {"k2", "k3"}


def test_a_cache_that_grows_is_pruned_from_time_to_time(
    cache: AnswerCache, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapwood.store.answers.COMMITS_A_PRUNE", 3)
    cache.prune(days=30, megabytes=10)
    cache.put_many([answer("old")])
    clock.now += 31 * DAY
    cache.put_many([answer("k1")])
    assert set(cache.get_many(["old", "k1"])) == {"old", "k1"}
    cache.put_many([answer("k2")])
    assert set(cache.get_many(["old", "k1", "k2"])) == {"k1", "k2"}


def test_a_purge_leaves_nothing_of_the_text_in_the_files(cache: AnswerCache, tmp_path: Path) -> None:
    secret = "the customer said marzipan"
    cache.put_many([answer(f"k{number}", f"{secret} {number}" * 50) for number in range(100)])
    assert any(secret.encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert cache.purge() == 100
    assert not any(b"marzipan" in path.read_bytes() for path in tmp_path.iterdir())
    assert cache.get_many(["k1"]) == {}
    cache.put_many([answer("k1")])
    assert set(cache.get_many(["k1"])) == {"k1"}


def test_a_full_disk_keeps_what_was_there_and_says_so(cache: AnswerCache) -> None:
    cache.put_many([answer("kept")])
    connection: sqlite3.Connection = vars(cache)["_connection"]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages + 1}").fetchone()
    with pytest.raises(StorageFullError) as caught:
        cache.put_many([answer("large", "x" * 100_000)])
    assert "Free some space" in caught.value.hint
    assert set(cache.get_many(["kept", "large"])) == {"kept"}
    connection.execute("PRAGMA max_page_count=1000000").fetchone()
    cache.put_many([answer("large", "x" * 100_000)])
    assert set(cache.get_many(["kept", "large"])) == {"kept", "large"}


def test_two_connections_and_threads_write_side_by_side(cache: AnswerCache, tmp_path: Path) -> None:
    other = AnswerCache(tmp_path / "answers.sqlite")

    def write(target: AnswerCache, name: str) -> None:
        for number in range(10):
            target.put_many([answer(f"{name}{number}")])

    threads = [
        threading.Thread(target=write, args=(target, name))
        for target, name in [(cache, "a"), (other, "b"), (cache, "c")]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [f"{name}{number}" for name in "abc" for number in range(10)]
    assert set(other.get_many(keys)) == set(keys)
    other.close()


KILLED = """
import sys
from pathlib import Path
from sapwood.errors import StorageFullError
from sapwood.store.answers import AnswerCache
from sapwood.store.records import CachedAnswer
cache = AnswerCache(Path(sys.argv[1]))
group = 0
while True:
    cache.put_many([CachedAnswer(f"{group}.{row}", "text" * 100, "stop", 1, 1, 1, 0.1) for row in range(64)])
    sys.stdout.write(f"{group}\\n")
    sys.stdout.flush()
    group += 1
"""


def test_a_killed_writer_loses_no_group_that_was_stored_and_leaves_no_half_one(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(20):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    stored = 20 + len(writer.stdout.read().splitlines())
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    cache = AnswerCache(path)
    found = cache.get_many([f"{group}.{row}" for group in range(stored + 2) for row in range(64)])
    cache.close()
    assert {f"{group}.{row}" for group in range(stored) for row in range(64)} <= set(found)
    assert len(found) % 64 == 0


def test_scores_and_confidence_come_back(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "answers.sqlite")
    sure = answer("k")._replace(scores=(0.75, 0.25), confidence=0.75)
    cache.put_many([sure, answer("plain")])
    assert cache.get_many(["k", "plain"]) == {"k": sure, "plain": answer("plain")}
    cache.close()


_COUNTS = "prompt_tokens INTEGER, completion_tokens INTEGER, computed_tokens INTEGER, seconds REAL, model TEXT"
EARLIER = (
    (
        f"key TEXT PRIMARY KEY, text TEXT, finish TEXT, {_COUNTS}, made_on INTEGER",
        "'k', 'yes', 'stop', 5, 2, 4, 0.5, 'm', 1",
    ),
    (
        f"made INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE, key TEXT, text TEXT, finish TEXT, {_COUNTS}, scores TEXT,"
        " confidence REAL, made_on INTEGER",
        "1, 77, 'k', 'yes', 'stop', 5, 2, 4, 0.5, 'm', '[]', NULL, 1",
    ),
)


@pytest.mark.parametrize(("columns", "values"), EARLIER)
def test_a_file_of_an_earlier_version_is_gone_on_with(tmp_path: Path, columns: str, values: str) -> None:
    path = tmp_path / "answers.sqlite"
    old = sqlite3.connect(path)
    old.execute(f"CREATE TABLE answers ({columns})")
    old.execute(f"INSERT INTO answers VALUES ({values})")
    old.commit()
    old.close()
    cache = AnswerCache(path)
    assert cache.get_many(["k"]) == {"k": answer("k")}
    cache.close()


def test_answers_come_back_wherever_their_places_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sapwood.store.places.MOST_UNPLACED", 10)
    path = tmp_path / "answers.sqlite"
    cache, other = AnswerCache(path), AnswerCache(path)
    for number in range(25):
        cache.put_many([answer(f"k{number}")])
    cache.put_many([answer("k3", "new"), answer("k24", "new")])
    texts = {f"k{number}": "new" if number in (3, 24) else "yes" for number in range(25)}
    for reader in (cache, other, AnswerCache(path)):
        found = reader.get_many([f"k{number}" for number in range(30)])
        assert {key: each.text for key, each in found.items()} == texts
        reader.close()


def test_a_purge_by_another_process_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sapwood.store.places.MOST_UNPLACED", 3)
    cache, other = AnswerCache(tmp_path / "answers.sqlite"), AnswerCache(tmp_path / "answers.sqlite")
    cache.put_many([answer(f"k{number}") for number in range(5)])
    assert len(other.get_many([f"k{number}" for number in range(5)])) == 5
    cache.purge()
    assert other.get_many(["k1"]) == {}
    cache.put_many([answer("k1", "again")])
    assert other.get_many(["k1"])["k1"].text == "again"
    cache.close()
    other.close()
