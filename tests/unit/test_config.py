"""Settings: the order of the layers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sapwood.config import load
from sapwood.errors import ConfigError


def test_later_layers_win(tmp_path: Path) -> None:
    (tmp_path / "sapwood.toml").write_text("[inference]\nthreads = 3\nbatch_rows = 9\n[stages.map]\n's3://a/' = '/a'\n")
    config = load(
        tmp_path, {"inference.batch_rows": 11, "stages.map": {"s3://b/": "/b"}}, {"SAPWOOD_INFERENCE_THREADS": "5"}
    )
    assert (config.inference.threads, config.inference.batch_rows) == (5, 11)
    assert config.stages.map == {"s3://a/": "/a", "s3://b/": "/b"}
    assert config.data == tmp_path


def test_the_data_directory_comes_from_the_flag_then_the_environment(tmp_path: Path) -> None:
    assert load(None, environ={"SAPWOOD_DATA": str(tmp_path)}).data == tmp_path
    assert load(None, environ={}).data == Path("sapwood-data").absolute()
    assert load(tmp_path / "x", environ={"SAPWOOD_DATA": str(tmp_path)}).data == tmp_path / "x"


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[inference]\nthread = 3\n", "unknown setting 'thread'.*\nHint: Did you mean 'threads'"),
        ("[inference]\nthreads = 'many'\n", "'threads' in .* has the value 'many', which is no int"),
        ("[stages]\nmap_samples = 'perhaps'\n", "no bool"),
        ("inference = [", "must be TOML"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, toml: str, message: str) -> None:
    (tmp_path / "sapwood.toml").write_text(toml)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, environ={})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("0", False)])
def test_booleans_of_the_environment_are_words(tmp_path: Path, text: str, value: bool) -> None:
    assert load(tmp_path, environ={"SAPWOOD_STAGES_MAP_SAMPLES": text}).stages.map_samples is value
