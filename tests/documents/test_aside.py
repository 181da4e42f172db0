"""What lies beside the documents and is none: our outputs, and what other tools write about their data."""

import json
from contextlib import chdir
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shop import rows, settle, some, write

from extractor.documents import locate, located
from extractor.errors import UserError


def parquet(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": ["p"], "text": ["Alice meets Bob."]}), path)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with documents, and an output of ours among them."""
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.jsonl", some(20))
    settle(tmp_path / "in", tmp_path / "in" / "out")
    return tmp_path / "in"


def test_a_second_run_does_not_read_what_the_first_has_written(inbox: Path) -> None:
    assert settle(inbox, inbox / "out").new == 0
    assert len(rows(inbox / "out")) == 20


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["", "/", "/*", "/**", "/**/*", "/**/*.jsonl", "/[a-z]*"])
def test_an_output_within_an_input_is_left_out(inbox: Path, typed: str) -> None:
    sources, notes = located([f"{inbox}{typed}"])
    assert {Path(source.place).name for source in sources} == {"a.jsonl"}
    assert notes == ([f"{inbox}/out is an output of extract run, and is left out"] if typed != "/**/*.jsonl" else [])


def test_a_pattern_that_no_manifest_matches_leaves_it_out_too(inbox: Path) -> None:
    parquet(inbox / "b.parquet")
    assert [source.name for source in locate([f"{inbox}/**/*.parquet"])] == [f"{inbox}/b.parquet"]
    with chdir(inbox):
        assert [source.name for source in locate(["**/*.parquet"])] == ["b.parquet"]
        assert [source.name for source in locate(["./*"])] == ["./a.jsonl", "./b.parquet"]


def test_an_output_that_is_named_is_refused_and_its_files_are_not(inbox: Path) -> None:
    with pytest.raises(UserError, match="out' is an output of extract run, not input; name single files of it"):
        locate([f"{inbox}/out"])
    with pytest.raises(UserError, match="out is an output of extract run, and is left out"):
        locate([f"{inbox}/o*"])
    part = str(next((inbox / "out" / "documents").glob("*.parquet")))
    assert [source.name for source in locate([part])] == [part]
    assert {Path(source.name).parent.name for source in locate([f"{inbox}/out/quarantine"])} == {"quarantine"}


def test_an_output_that_holds_nothing_yet_is_left_out(inbox: Path) -> None:
    new = inbox / "new"
    new.mkdir()
    (new / "manifest.json").write_bytes((inbox / "out" / "manifest.json").read_bytes())
    assert [Path(source.name).name for source in locate([str(inbox)])] == ["a.jsonl"]


def test_a_manifest_of_another_kind_is_no_mark(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"id": "a", "text": "A manifest of a ship."}\n')
    assert [Path(source.name).name for source in locate([str(tmp_path)])] == ["manifest.json"]


def test_a_folder_of_the_hub_is_read_without_its_card(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    (tmp_path / "dataset_infos.json").write_text(json.dumps({"default": {"features": {}}}, indent=2))
    sources, notes = located([str(tmp_path)])
    assert [source.format for source in sources] == ["parquet"]
    assert notes == [f"{tmp_path}/dataset_infos.json describes a data set, and is left out"]


@pytest.mark.parametrize("split", ["", "train/"])
def test_what_save_to_disk_writes_is_refused_with_the_cure(tmp_path: Path, split: str) -> None:
    folder = tmp_path / split
    folder.mkdir(exist_ok=True)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    for name in ("state.json", "dataset_info.json", "data-00000-of-00001.arrow"):
        (folder / name).write_text("{}")
    with pytest.raises(
        UserError, match=r"which is left out: datasets.load_from_disk\('.*'\).to_parquet\('data.parquet'\)"
    ):
        locate([str(tmp_path)])
    parquet(tmp_path / "b.parquet")
    assert [Path(source.name).name for source in locate([str(tmp_path)])] == ["b.parquet"]
