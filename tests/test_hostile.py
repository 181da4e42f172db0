"""Wherever words of documents, answers, gold, columns and files leave, what is not printable is shown escaped."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hostile import HARMLESS, HOSTILE, unprintable
from programs import PLAIN, ran
from prometheus_client.parser import text_string_to_metric_families
from test_shape import PACKAGE

from extractor.cli import say
from extractor.cli.boundary import boundary
from extractor.cli.tables import table
from extractor.errors import UserError
from extractor.escape import in_json, in_line, in_text
from extractor.exits import verdict
from extractor.progress.events import Counts, Progress, Show
from extractor.progress.prometheus import samples, text
from extractor.progress.stderr import CLEAR, Bar, Errors, JsonLines, Lines
from extractor.progress.tally import Tally
from extractor.report.draw import figure, rows, svg_of
from extractor.web.inline import as_script_data


def shown(tell: Callable[[], object]) -> str:
    """What it writes to both streams."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        tell()
    return out.getvalue() + err.getvalue()


def told(show: Callable[[str], Show]) -> Callable[[str], str]:
    """What it says of a run in which everything is called so."""

    def tell(words: str) -> str:
        def run() -> None:
            progress = Progress(Path(words.replace("\0", "")), [show(words)])
            progress.begin(Tally(2))
            progress.loading(words)
            progress.loaded()
            progress.waiting()
            progress.say("warning", words)
            progress.error(words, 3)
            progress.end(3, None)

        return shown(run).replace(CLEAR, "").replace("\r", "")

    return tell


def failed(words: str) -> str:
    """The line of a command that fails over these words."""

    def fail() -> None:
        with pytest.raises(Exception, match=""), boundary():
            raise UserError(words)

    return shown(fail)


def plot(words: str) -> str:
    """The SVG of a plot that is labelled so, once it is known to be well-formed."""
    with figure(100) as (made, axes):
        rows(axes, [words, "b"])
        axes.errorbar([1], [1], label=in_line(words))
        axes.annotate(in_line(words), (0.5, 0.5))
        axes.set(xlabel=in_line(words))
        drawn = svg_of(made, "p")
    ElementTree.fromstring(drawn)
    return drawn


def metrics(words: str) -> str:
    """The metrics of an output that is called so, once Prometheus' own parser takes them."""
    said = text({words.replace("\t", " "): samples(Counts(Path("o"), Tally(2)), 0.0)})
    assert all(sample.labels["out"] for f in text_string_to_metric_families(said) for sample in f.samples)
    return said


def json_lines(words: str) -> str:
    """The events of such a run, once each is an object with the words in it."""
    said = told(lambda words: JsonLines(Path("o"), every=0.0))(words)
    events = [json.loads(line) for line in said.splitlines()]
    assert [e["message"] for e in events if e["event"] == "warning"] == [words]
    return said


PLACES: dict[str, Callable[[str], str]] = {
    "a table on a terminal": lambda words: shown(lambda: table((words, "n"), [(words, 1), (words, words)])),
    "a table on stderr": lambda words: shown(lambda: table((words, "n"), [(words, 1)], stderr=True)),
    "text on stdout": lambda words: shown(lambda: say.text(words)).replace("\t", ""),
    "a line on stderr": lambda words: shown(lambda: say.note(words)),
    "JSON on stdout": lambda words: shown(lambda: say.value({words: [words]})),
    "the line of a command that fails": failed,
    "a verdict": lambda words: verdict(UserError(words))[0],
    "a verdict on a file": lambda words: verdict(FileNotFoundError(2, "No such file", words))[0],
    "a verdict on a surprise": lambda words: verdict(ValueError(words))[0],
    "errors": told(lambda words: Errors()),
    "lines": told(lambda words: Lines(words, every=0.0)),
    "a bar": told(lambda words: Bar(words)),
    "JSON lines": json_lines,
    "metrics": metrics,
    "a plot": plot,
    "a page's data": lambda words: as_script_data({words: words}),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", HOSTILE)
def test_what_is_not_printable_is_shown_escaped(place: str, words: str) -> None:
    said = PLACES[place](HOSTILE[words])
    assert said and not unprintable(said)
    if words == "a line of ours" and "text" not in place:
        assert "\nextract: 0 documents" not in said  # nobody can forge a line


@pytest.mark.parametrize("words", [*HOSTILE.values(), *HARMLESS])
def test_json_says_the_same(words: str) -> None:
    assert json.loads(in_json({words: [words]})) == {words: [words]}


@pytest.mark.parametrize("words", HARMLESS)
def test_letters_of_any_script_stay_as_they_are(words: str) -> None:
    assert in_line(words) == in_text(words) == words
    assert words in shown(lambda: say.text(words))


def test_lines_and_tabs_stay_where_there_may_be_many() -> None:
    assert (in_line("a\n\tb"), in_text("a\n\tb")) == ("a\\n\\tb", "a\n\tb")


def test_words_leave_by_the_doors_alone() -> None:
    """In cli/ only say.py and tables.py write to a stream, and what they write was escaped."""
    for path in (PACKAGE / "cli").glob("*.py"):
        said = path.read_text()
        if path.name not in ("say.py", "tables.py"):
            assert not [word for word in ("typer.echo", " print(", "stdout.write", "stderr.write") if word in said], (
                path
            )


def test_a_whole_run_over_hostile_words(tmp_path: Path) -> None:
    """Names of files and columns, ids, texts, and answers that break the schema in such words."""
    words = "".join(value for name, value in HOSTILE.items() if name != "lone surrogates").replace("\0", "")
    folder = tmp_path / "in\x1b[31m\u202e"
    folder.mkdir()
    row = {"id": words, "text": words, words: words}
    (folder / "d\x1b[2J\u2028.jsonl").write_text(json.dumps(row) + "\n" + '{"id": "' + "\x1b" + '"}\n')
    answer = json.dumps({"entities": [{"name": words, words: words}], words: 1})
    for more in ([], ["--log-format", "json"], ["--json", "--supersede"]):
        job = ["run", folder, "--schema", "news", "--out", tmp_path / "out\x9b31m", *PLAIN, "--keep", words, *more]
        code, out, err = ran(*job, SLOW_ANSWER=answer)
        assert code == 4 and not unprintable(out + err)
    code, out, err = ran("run", folder, "--schema", "news", "--out", tmp_path / "x", "--keep", f"{words}?", *PLAIN)
    assert code == 1 and not unprintable(out + err)
    code, _, err = ran("run", f"{folder}/absent\x1b[31m", "--schema", "news", "--out", tmp_path / "x", *PLAIN)
    assert code == 1 and not unprintable(err) and "\\x1b[31m" in err
