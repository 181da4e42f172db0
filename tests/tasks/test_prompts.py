"""Prompt files: what they may say, and exactly what they become."""

import json
from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.tasks.examples import load_examples
from extractor.tasks.guide import guide
from extractor.tasks.prompt import load_prompt
from extractor.tasks.schema import Schema

BODY = {
    "title": "Ships",
    "description": "What sails.",
    "x-mine": 1,
    "type": "object",
    "properties": {
        "ships": {
            "type": "array",
            "description": "Every ship.",
            "items": {"$ref": "#/$defs/ship"},
            "x-extract": "entities",
        },
        "mood": {"enum": ["good", "坏"]},
        "when": {"type": ["string", "null"]},
    },
    "required": ["ships"],
    "$defs": {"ship": {"type": "object", "properties": {"name": {"type": "string", "x-extract": "name"}}}},
}
SCHEMA = Schema("ships", BODY, None)
GUIDE = "- ships (list of objects). Every ship.\n  - name (string)\n- mood (one of: good, 坏)\n- when (string or null)"


def prompt_file(folder: Path, text: str) -> str:
    path = folder / "mine.md"
    path.write_text(text, "utf-8")
    return str(path)


def both(system: str = "Read.", user: str = "{{ document }}") -> str:
    return f"--- system ---\n{system}\n--- user ---\n{user}\n"


def test_golden_messages(tmp_path: Path) -> None:
    text = both(
        "{{ title }}: {{ description }}\n{% if guide %}{{ guide }}{% endif %}\n{{ schema }}", "Text:\n{{ document }}"
    )
    prompt = load_prompt(prompt_file(tmp_path, text), SCHEMA)
    plain = json.dumps(BODY, ensure_ascii=False).replace(', "x-extract": "entities"', "")
    plain = plain.replace(', "x-extract": "name"', "").replace('"x-mine": 1, ', "")
    assert prompt.opening(SCHEMA) == {"role": "system", "content": f"Ships: What sails.\n{GUIDE}\n{plain}"}
    assert prompt.asking(SCHEMA, "a {{ title }} <b>") == {"role": "user", "content": "Text:\na {{ title }} <b>"}


def test_the_guide_by_itself() -> None:
    assert guide(BODY) == GUIDE
    assert (
        guide({"properties": {"a": {"$ref": "#/nowhere"}, "b": True, "c": {"const": 1}}}) == "- a\n- b\n- c (one of: 1)"
    )
    assert guide({"type": "array", "items": {"$ref": "#"}}) == ""


WRONG = [
    ("Read {{ document }}", "needs a line '--- system ---' first and a line '--- user ---' after it"),
    ("Hello\n" + both(), "needs a line '--- system ---' first"),
    (both(user="Read this."), "{{ document }} is missing after '--- user ---'"),
    (both("Read {{document}}."), "{{ document }} belongs after '--- user ---'"),
    (both("{% if document %}x{% endif %}"), "{{ document }} belongs after '--- user ---'"),
    (both("{{ titel }}"), "'titel' is undefined; a prompt may use {{ title }}, {{ description }}"),
    (both("a\n{{ title"), "line 3: "),
    (both(user="a\n{% if %}{{ document }}"), "line 5: "),
    (both("{{ ''.__class__.__mro__[1].__subclasses__() }}"), "line 2: 'call' is refused"),
    (both("{{ title.__class__ }}"), "'getattr' is refused"),
    (both("{{ title['__class__'] }}"), "'getitem' is refused"),
    (both("{{ title|attr('__class__') }}"), "'filter attr' is refused"),
    (both("{{ cycler.__init__.__globals__.os.popen('id') }}"), "'call' is refused"),
    (both("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"), "'for' is refused"),
    (both("{% macro a() %}{{ a() }}{% endmacro %}"), "'macro' is refused"),
    (both("{{ 'a' * 10000000000 }}"), "'mul' is refused"),
    (both("{{ 9 ** 9 ** 9 }}"), "'pow' is refused"),
    (both("{{ '%9999999999d' % 1 }}"), "'mod' is refused"),
    (both("{{ title|center(9999999999) }}"), "'filter center' is refused"),
    (both("{{ title|replace('a', 'aa') }}"), "'filter replace' is refused"),
    (both("{% set a = title ~ title %}"), "'assign' is refused"),
    (both("{% include 'other' %}"), "'include' is refused"),
    (both("{% import 'os' as os %}"), "'import' is refused"),
    (both("{% extends 'x' %}"), "'extends' is refused"),
]


@pytest.mark.parametrize("text, said", WRONG, ids=[said for _, said in WRONG])
def test_prompts_that_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        prompt = load_prompt(prompt_file(tmp_path, text), SCHEMA)
        prompt.opening(SCHEMA)
        prompt.asking(SCHEMA, "")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_prompt_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"--prompt nothing\.md: no such file"):
        load_prompt("nothing.md", SCHEMA)


def test_which_prompt_is_taken(tmp_path: Path) -> None:
    beside = Schema("ships", BODY, tmp_path / "ships.json")
    assert load_prompt(None, beside).path.name == "default.md"
    (tmp_path / "ships.md").write_text(both())
    assert load_prompt(None, beside).path == tmp_path / "ships.md"
    assert load_prompt("news", beside).path.name == "news.md"
    assert load_prompt(None, Schema("news", {}, tmp_path / "news.json")).path.name == "default.md"


def examples_file(folder: Path, *lines: str) -> str:
    path = folder / "examples.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


GOOD = '{"text": "The Aurora sank.", "answer": {"ships": [{"name": "Aurora"}]}}'


def test_examples_are_read(tmp_path: Path) -> None:
    path, examples = load_examples(examples_file(tmp_path, GOOD, "", GOOD.replace("sank", "sank\u2028")), SCHEMA)
    assert path == tmp_path / "examples.jsonl" and len(examples) == 2
    assert examples[0]["answer"] == {"ships": [{"name": "Aurora"}]} and examples[1]["text"] == "The Aurora sank\u2028."


def test_examples_default_to_those_beside_the_schema(tmp_path: Path) -> None:
    beside = Schema("ships", BODY, tmp_path / "ships.json")
    assert load_examples(None, beside) == (None, ())
    (tmp_path / "ships.examples.jsonl").write_text(GOOD)
    assert len(load_examples(None, beside)[1]) == 1
    assert load_examples("none", beside) == (None, ())


@pytest.mark.parametrize(
    "line, said",
    [
        ("{", ":2: not JSON"),
        ("[" * 5000, ":2: not JSON"),
        ("[]", ':2: an example is {"text": "…", "answer": {…}}'),
        ('{"text": 1, "answer": {}}', ":2: an example is"),
        ('{"text": "a"}', ":2: an example is"),
        ('{"text": "a", "answer": {}}', ":2: answer, at the root: 'ships' is a required property"),
        ('{"text": "a", "answer": {"ships": [{"name": 1}]}}', ":2: answer, at ships/0/name: 1 is not of type 'string'"),
    ],
)
def test_examples_are_checked_before_anything_runs(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load_examples(examples_file(tmp_path, GOOD, line), SCHEMA)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_example_that_the_schema_goes_round_in_circles_on(tmp_path: Path) -> None:
    circle = Schema("circle", {"$ref": "#"}, None)
    with pytest.raises(UserError, match="leads round in circles"):
        load_examples(examples_file(tmp_path, GOOD), circle)
