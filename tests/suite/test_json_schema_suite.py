"""The official JSON Schema test suite: what we accept and refuse agrees with `jsonschema`.

`make schema-suite` fetches it. A schema is refused only for a reason that we state: a reference that leads out of it, a
word that is nearly a keyword, a pattern that Python cannot read, or a form that is no JSON object.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import a_request
from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY

from extractor.answers.judge import Judge
from extractor.errors import UserError
from extractor.fingerprint import digest
from extractor.tasks.grammar import grammar
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import load_schema
from extractor.types import Completion, Document

SUITE = Path(__file__).parents[2] / ".cache" / "json-schema-test-suite"
DRAFTS = {
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
FILES = [path for draft in DRAFTS for path in sorted((SUITE / "tests" / draft).glob("*.json"))]
REASONS = {
    "remote": r"\$ref .* is remote and nothing is ever fetched",
    "nowhere": r"\$ref .* leads nowhere",
    "near miss": r"is no JSON Schema keyword; did you mean",
    "no pattern of Python's": r"not a JSON Schema: at .*pattern.* is not a 'regex'",
    "no answer": r"no answer can satisfy it|no value is allowed",
    "no object": r"a schema is a JSON object, this is bool",
}
pytestmark = pytest.mark.skipif(not FILES, reason="make schema-suite fetches the suite")


def cases(path: Path) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    for case in json.loads(path.read_text("utf-8")):
        schema = case["schema"]
        if isinstance(schema, dict):
            schema = {"$schema": DRAFTS[path.parent.name]} | schema
        yield schema, case["tests"]


def accepted(schema: Any, tests: list[dict[str, Any]], folder: Path) -> Iterator[str]:
    """What became of a schema and its instances: one word for each."""
    path = folder / f"{digest(schema)}.json"
    path.write_text(json.dumps(schema), "utf-8")
    try:
        loaded = load_schema(str(path))
    except UserError as error:
        why = next((name for name, pattern in REASONS.items() if re.search(pattern, str(error))), f"refused: {error}")
        assert why != "no answer" or not any(test["valid"] for test in tests), (schema, str(error))
        yield why
        return
    fields, validator = table_fields(loaded), loaded.validator()
    grammar(loaded)
    judge = Judge(validator, fields, str, None)
    for test in tests:
        request = a_request(Document("d", "t", "f:1"))
        found = judge.judge(Completion(request, json.dumps(test["data"]))).problem
        theirs = validator_for(schema)(
            schema, registry=REGISTRY, format_checker=validator.draft.FORMAT_CHECKER
        ).is_valid(test["data"])
        assert (found is None) == theirs, (schema, test, found)
        yield "agrees" if theirs == test["valid"] else "jsonschema differs from the suite"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_we_agree(path: Path, tmp_path: Path, record_property: Any) -> None:
    seen = Counter(word for schema, tests in cases(path) for word in accepted(schema, tests, tmp_path))
    record_property("seen", dict(seen))
    assert [word for word in seen if word.startswith("refused")] == []
    assert not seen["jsonschema differs from the suite"] or path.stem in ("format", "dynamicRef", "vocabulary")


@pytest.mark.parametrize("path", FILES[:1])
def test_what_is_no_schema_is_refused_by_both(path: Path, tmp_path: Path) -> None:
    wrong = [{"type": "objekt"}, {"minimum": "1"}, {"required": "a"}, {"properties": []}, {"pattern": "("}]
    for number, schema in enumerate(wrong):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(schema))
        with pytest.raises(UserError, match="not a JSON Schema"):
            load_schema(str(file))
        with pytest.raises(SchemaError):
            validator_for(schema).check_schema(schema)
