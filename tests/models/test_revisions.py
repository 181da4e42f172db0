"""One revision for tokenizer, identity and vLLM; what else decides which model answers is named or refused."""

import json
import shutil
from pathlib import Path
from subprocess import run
from sys import executable

import pytest
from fakes import fake_prepared
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from extractor.errors import UserError
from extractor.models.families import GENERIC
from extractor.models.given import ELSEWHERE, IDENTIFYING, check_given, identity_with
from extractor.models.resolve import Model, resolve

pytestmark = pytest.mark.slow

OLD, NEW = "a" * 40, "b" * 40
# The hub client reads its environment when it is imported, hence a process of its own
ASK = """
import sys
from extractor.models.files import context_of, tokenizer_of
from extractor.models.resolve import resolve
model = resolve(sys.argv[1])
print(model.name, model.location, model.hub_revision, model.identity, context_of(model))
print(tokenizer_of(model).get_vocab()["hello"])
"""


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A hub's cache with one model at two commits, whose tokenizers differ."""
    repo = tmp_path / "hub/models--me--mine"
    for commit, words in ((OLD, {"hello": 0, "<unk>": 1}), (NEW, {"<unk>": 0, "hello": 1})):
        made = Tokenizer(WordLevel(words, unk_token="<unk>"))
        PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>").save_pretrained(repo / "snapshots" / commit)
        config = {"model_type": "llama", "max_position_embeddings": 1000 + words["hello"]}
        (repo / "snapshots" / commit / "config.json").write_text(json.dumps(config))
    for name, commit in (("main", OLD), ("v2", NEW), ("refs/pr/7", NEW)):
        reference = repo / "refs" / name
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)
    return tmp_path


@pytest.mark.parametrize(
    ("model", "commit", "token"),
    [("me/mine", OLD, 0), ("me/mine@v2", NEW, 1), ("me/mine@refs/pr/7", NEW, 1), (f"me/mine@{NEW}", NEW, 1)],
)
def test_a_revision_feeds_tokenizer_identity_and_vllm_alike(hub: Path, model: str, commit: str, token: int) -> None:
    env = {"PATH": "", "HF_HOME": str(hub), "HF_HUB_OFFLINE": "1", "HOME": str(hub)}
    said = run([executable, "-c", ASK, model], env=env, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [f"{model} me/mine {commit} me/mine@{commit} {1000 + token}", str(token)]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("me/mine@", "write it as id@revision"),
        ("me/mine@../../etc", "write it as id@revision"),
        ("me/mine@a b", "write it as id@revision"),
        ("smollm2-135m@v2", "smollm2-135m lies on this machine and has no revisions; leave @v2 out"),
        ("two words@v2", "'two words' is no catalogue name, folder or hub id"),
    ],
)
def test_what_is_no_revision_is_refused_with_the_cure(model: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve(model)
    assert words in str(caught.value)


def test_a_folder_has_no_revision_but_may_have_such_a_name(hub: Path) -> None:
    folder = hub / "hub/models--me--mine/snapshots" / OLD
    with pytest.raises(UserError, match="leave @v2 out"):
        resolve(f"{folder}@v2")
    copy = shutil.copytree(folder, hub / "mine@v2")
    assert resolve(str(copy)).identity == resolve(str(folder)).identity


@pytest.mark.parametrize("hub_name", ["huggingface", "modelscope"])
def test_the_newest_of_one_hub_is_a_branch_like_others_on_the_next(hub_name: str) -> None:
    model = Model("m", "me/mine", "master", GENERIC, hub_name)  # type: ignore[arg-type]
    assert model.hub_revision == (None if hub_name == "modelscope" else "master")


@pytest.mark.parametrize("word", ELSEWHERE)
def test_words_that_only_vllm_would_know_of_are_refused_before_a_model_is_looked_at(tmp_path: Path, word: str) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Ada"}\n')
    with pytest.raises(UserError, match=rf"^--engine-arg {word}: .*write --"):
        fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", engine_arg={word: "x"})


@pytest.mark.parametrize("word", [*sorted(IDENTIFYING), "enable_lora", "lora_modules"])
def test_words_that_make_another_model_are_part_of_its_name(tmp_path: Path, word: str) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Ada"}\n')
    jobs = [
        fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", engine_arg=given)
        for given in ({word: {"b": 1, "a": 2}}, {word: {"a": 2, "b": 1}, "dtype": "half"}, {word: None}, {})
    ]
    names = [job.builder.identity["model"] for job in jobs]
    assert names == [f'fake@1 {word}={{"a": 2, "b": 1}}'] * 2 + ["fake@1"] * 2


def test_words_that_say_how_the_same_model_is_computed_leave_its_name_alone() -> None:
    given = {"dtype": "half", "max_num_seqs": 8, "gpu_memory_utilization": 0.5, "tensor_parallel_size": 2}
    check_given(given)
    assert identity_with(Model("m", "me/mine", OLD, GENERIC, "huggingface"), given) == f"me/mine@{OLD}"
