"""What --model may be, and what is said when it is nothing. No hub is asked: HF_HUB_OFFLINE."""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from extractor.errors import UserError
from extractor.models.files import context_of, tokenizer_of
from extractor.models.resolve import resolve

COMMIT = "b968826d9c46dd6066d109eabc6255188de91218"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of our own."""
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A local model: config, tokenizer and a file in the place of weights."""
    path = tmp_path / "mine"
    words = Tokenizer(WordLevel({"hello": 0, "<unk>": 1}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>").save_pretrained(path)
    config = {"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096, "max_position_embeddings": 40960}
    (path / "config.json").write_text(json.dumps(config))
    (path / "model.safetensors").write_bytes(bytes(1000))
    return path


def test_a_folder(folder: Path) -> None:
    model = resolve(str(folder))
    assert (model.name, model.location) == (str(folder), str(folder))
    assert (model.hub, model.hub_revision, model.env) == (None, None, {})
    assert model.family.name == "Qwen3-8B"
    assert context_of(model) == 40960
    assert tokenizer_of(model)("hello")["input_ids"] == [0]


def test_a_catalogue_name(folder: Path, cache: Path) -> None:
    shutil.copytree(folder, cache / "models/smollm2-135m")
    model = resolve("smollm2-135m")
    assert (model.name, model.location) == ("smollm2-135m", str(cache / "models/smollm2-135m"))
    assert model.family.name == "SmolLM2"


def test_the_revision_is_the_content_not_the_path(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(folder, copy)
    assert resolve(str(copy)).revision == resolve(str(folder)).revision


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_the_revision_changes_with_the_content(folder: Path, name: str) -> None:
    before = resolve(str(folder)).revision
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b"0", b"1").replace(b"\0", b"\1"))
    assert resolve(str(folder)).revision != before


def test_the_revision_sees_into_large_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    with weights.open("wb") as file:
        file.truncate(200 << 20)
    before = resolve(str(folder)).revision
    with weights.open("r+b") as file:
        file.seek(100 << 20)
        file.write(b"\1" * (20 << 20))
    assert resolve(str(folder)).revision != before


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("smollm2-135m", "smollm2-135m is not here yet: run: extract models get smollm2-135m"),
        ("smollm-135m", "no model 'smollm-135m'; did you mean 'smollm2-135m'?"),
        ("Qwen2.5-Coder-1.5B-Instruct", "no model 'Qwen2.5-Coder-1.5B-Instruct'; did you mean 'qwen2.5-coder-1.5b'?"),
        ("./nowhere", "./nowhere: no such folder"),
        ("~/no/where", "~/no/where: no such folder"),
        ("/no/where", "/no/where: no such folder"),
        ("models/of/mine", "models/of/mine: no such folder"),
        ("", "'' is no catalogue name, folder or hub id: see extract models"),
        ("two words", "'two words' is no catalogue name, folder or hub id"),
    ],
)
def test_what_is_no_model_is_refused_with_the_cure(model: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve(model)
    assert str(caught.value).startswith(words)


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no config\.json"):
        resolve(str(tmp_path))


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(UserError, match="is a file"):
        resolve(str(folder / "model.safetensors"))


def test_a_folder_without_a_tokenizer(folder: Path) -> None:
    for path in folder.glob("token*"):
        path.unlink()
    with pytest.raises(UserError, match=r"no tokenizer for .*; the folder needs tokenizer\.json") as caught:
        tokenizer_of(resolve(str(folder)))
    assert "\n" not in str(caught.value)


def test_modelscope_without_its_client() -> None:
    if find_spec("modelscope"):
        assert resolve("Qwen/Qwen3-8B", "modelscope").env == {"VLLM_USE_MODELSCOPE": "True"}
    else:
        with pytest.raises(UserError, match=r"pip install '\.\[modelscope\]'"):
            resolve("Qwen/Qwen3-8B", "modelscope")


# The hub client reads its environment when it is imported, hence a process of its own
ASK = """
import sys
from extractor.errors import UserError
from extractor.models.files import context_of, tokenizer_of
from extractor.models.resolve import resolve
model = resolve("Qwen/Qwen3-8B")
print(model.location, model.revision, model.hub_revision, model.hub, model.family.name, context_of(model))
try:
    print(tokenizer_of(model)("hello")["input_ids"])
except UserError as error:
    print(error)
"""


def ask_offline(home: Path) -> list[str]:
    env = {"PATH": "", "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "HOME": str(home)}
    return run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.slow
def test_a_hub_id_that_is_cached(folder: Path, tmp_path: Path) -> None:
    repo = tmp_path / "hf/hub/models--Qwen--Qwen3-8B"
    shutil.copytree(folder, repo / "snapshots" / COMMIT)
    (repo / "refs").mkdir()
    (repo / "refs/main").write_text(COMMIT)
    assert ask_offline(tmp_path / "hf") == [
        f"Qwen/Qwen3-8B {COMMIT} {COMMIT} huggingface Qwen3-8B 40960",
        "[0]",
    ]


@pytest.mark.slow
def test_a_hub_id_with_no_hub_in_reach(tmp_path: Path) -> None:
    seen, refused = ask_offline(tmp_path)
    assert seen == "Qwen/Qwen3-8B main main huggingface Qwen3-8B 40960"
    assert refused.startswith("no tokenizer for Qwen/Qwen3-8B: ")
    assert refused.endswith(
        "; check the id and the network, or give a catalogue name (extract models) or a local folder"
    )
