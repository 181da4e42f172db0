"""What a person typed → the files that are read."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor.documents import locate
from extractor.errors import UserError

LINE = '{"id": "a", "text": "x"}\n'


def plant(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LINE)
    return folder


def found(folder: Path, *inputs: str) -> list[str]:
    return [os.path.relpath(source.place, folder) for source in locate(inputs)]


@pytest.mark.parametrize(
    ("name", "format", "codec"),
    [
        ("a.jsonl", "jsonl", ""),
        ("a.ndjson", "jsonl", ""),
        ("a.json", "jsonl", ""),
        ("a.JSONL", "jsonl", ""),
        ("a.jsonl.gz", "jsonl", "gzip"),
        ("a.b.json.zst", "jsonl", "zstd"),
        ("a.parquet", "parquet", ""),
    ],
)
def test_suffix_tells_format_and_codec(tmp_path: Path, name: str, format: str, codec: str) -> None:
    [source] = locate([str(plant(tmp_path, name) / name)])
    assert (source.format, source.codec, source.name) == (format, codec, str(tmp_path / name))


def test_folder_is_read_all_the_way_down_without_what_is_hidden_or_foreign(tmp_path: Path) -> None:
    plant(
        tmp_path, "b.jsonl", "a/lang=zh/c.parquet", "_SUCCESS", "_x.jsonl", ".y.jsonl", ".git/z.jsonl", "_tmp/w.jsonl"
    )
    plant(tmp_path, "notes.txt", "a.csv", "c.parquet.gz")
    assert found(tmp_path, str(tmp_path)) == ["b.jsonl", "a/lang=zh/c.parquet"]


def test_glob_takes_files_and_folders_and_skips_what_is_foreign(tmp_path: Path) -> None:
    plant(tmp_path, "a1.jsonl", "a2.txt", "a3/b.jsonl", "c.jsonl")
    assert found(tmp_path, f"{tmp_path}/a*") == ["a1.jsonl", "a3/b.jsonl"]
    assert found(tmp_path, f"{tmp_path}/**/b.jsonl") == ["a3/b.jsonl"]


def test_name_with_glob_characters_is_a_file_first(tmp_path: Path) -> None:
    plant(tmp_path, "a[1].jsonl", "a1.jsonl")
    assert found(tmp_path, f"{tmp_path}/a[1].jsonl") == ["a[1].jsonl"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    plant(tmp_path, "a.jsonl", "b.jsonl")
    (tmp_path / "link.jsonl").symlink_to("a.jsonl")
    typed = [f"{tmp_path}/b.jsonl", str(tmp_path), f"{tmp_path}/../{tmp_path.name}/a.jsonl", f"{tmp_path}/*.jsonl"]
    assert found(tmp_path, *typed) == ["b.jsonl", "a.jsonl"]


def test_links_out_of_a_folder_are_skipped_unless_named(tmp_path: Path) -> None:
    plant(tmp_path, "secret.jsonl", "inbox/a.jsonl", "far/b.jsonl")
    inbox = tmp_path / "inbox"
    (inbox / "out.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (inbox / "far").symlink_to(tmp_path / "far")
    (inbox / "dangling.jsonl").symlink_to(tmp_path / "nowhere")
    (inbox / "loop").symlink_to(inbox)
    assert found(tmp_path, str(inbox)) == ["inbox/a.jsonl"]
    assert found(tmp_path, f"{inbox}/out.jsonl") == ["inbox/out.jsonl"]
    (inbox / "a.jsonl").unlink()
    with pytest.raises(UserError, match=r"only links that lead out of it: name them, or use a glob"):
        locate([str(inbox)])


def test_hive_folders_are_columns(tmp_path: Path) -> None:
    plant(tmp_path, "lang=zh/day=2024%2F01/src=__HIVE_DEFAULT_PARTITION__/x.parquet")
    [source] = locate([str(tmp_path)])
    assert source.partitions == {"lang": "zh", "day": "2024/01", "src": None}


def test_names_for_people_are_printable(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/a\xff\n.jsonl"
    Path(os.fsdecode(raw)).write_text(LINE)
    [source] = locate([str(tmp_path)])
    assert source.name == f"{tmp_path}/a\\xff\\n.jsonl"
    assert source.open().read() == LINE.encode()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("nowhere.jsonl", r"nothing is at '.*nowhere.jsonl' \(seen from .*\): check the path"),
        ("*.parquet", r"nothing is at '.*\*.parquet'"),
        ("empty", r"'.*empty' holds no file that we read \(\{.jsonl"),
        ("a.txt", r"'.*a.txt' has a suffix that we do not read: rename it to .*, or pipe JSONL into `-`"),
        ("*.txt", r"'.*\*.txt' holds no file that we read"),
        ("pipe", r"'.*pipe' is neither a file nor a folder: pipe it into `-`"),
    ],
)
def test_nothing_to_read_says_what_to_do(tmp_path: Path, typed: str, message: str) -> None:
    plant(tmp_path, "a.txt")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match=message) as caught:
        locate([f"{tmp_path}/{typed}"])
    assert "\n" not in str(caught.value)


def test_no_input_at_all() -> None:
    with pytest.raises(UserError, match="no input: name a file"):
        locate([])


STDIN = """
from extractor.documents import Columns, check_columns, count, kept_schema, locate, read
sources = locate(["-", "-"])
columns, existing = check_columns(sources, Columns("id", "text", keep=("n",)))
print(existing, count(sources), kept_schema(sources, columns).types)
documents = list(read(locate(["-"]), columns))
print(len(documents), documents[0].source, documents[-1].id, documents[-1].kept)
"""


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["", "gzip", "zstd"])
def test_standard_input_can_be_looked_at_first(codec: str) -> None:
    import gzip

    from backports import zstd

    lines = "".join(f'{{"id": "d{i}", "text": "text {i} {"字" * 50}", "n": {i}}}\n' for i in range(20_000)).encode()
    squeeze: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "zstd": zstd.compress}
    data = squeeze[codec](lines)
    done = subprocess.run([sys.executable, "-c", STDIN], input=data, capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [
        "['id', 'text', 'n'] None [DataType(int64)]",
        "20000 stdin:1 d19999 {'n': 19999}",
    ]


def test_empty_standard_input() -> None:
    code = STDIN.replace("documents[0].source, documents[-1].id, documents[-1].kept", "columns.id")
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["[] None [DataType(string)]", "0 None"]
