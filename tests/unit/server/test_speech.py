"""An answer that is heard while it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from sapwood.engine.result import OnText
from sapwood.errors import InternalError, ModelError
from sapwood.server.chat import Head, Reply
from sapwood.server.speech import Speech


def heard(speaker: Callable[[OnText], Reply]) -> list[str]:
    """The pieces of what a speaker says."""

    async def listen() -> list[str]:
        with ThreadPoolExecutor(1) as pool:
            return [piece async for piece in Speech(pool, speaker).pieces()]

    return asyncio.run(listen())


def speaker_of(told: Sequence[str], whole: str) -> Callable[[OnText], Reply]:
    def speak(on_text: OnText) -> Reply:
        for text in told:
            on_text(text)
        return Reply(Head("id", 7, "m"), whole, asked=1, answered=1)

    return speak


def test_what_is_new_comes_piece_by_piece() -> None:
    assert heard(speaker_of(["A ", "A lost ", "A lost "], "A lost parcel.")) == ["A ", "lost ", "parcel."]


def test_an_answer_that_was_known_comes_word_by_word() -> None:
    assert heard(speaker_of([], "A lost parcel.")) == ["A ", "lost ", "parcel."]


def test_an_answer_that_is_begun_anew_says_nothing_twice() -> None:
    assert heard(speaker_of(["A lost", "A", "A lost p"], "A lost parcel.")) == ["A lost", " p", "arcel."]


def test_an_answer_that_becomes_another_one_is_an_error() -> None:
    with pytest.raises(InternalError, match="begun anew"):
        heard(speaker_of(["A lost"], "B"))


def test_the_speakers_error_is_raised() -> None:
    def fail(on_text: OnText) -> Reply:
        raise ModelError("no weights")

    with pytest.raises(ModelError, match="no weights"):
        heard(fail)
