"""Any text as an answer, for as long as you like: `make fuzz EXAMPLES=100000`. Ends at the first fault."""

import json
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.answers.judge import Judge
from extractor.tasks import shipped
from extractor.tasks.mapping import table_fields
from extractor.tasks.neutral import Neutraliser
from extractor.tasks.schema import load_schema
from extractor.types import Completion, Document, Request, Sampling

TEXT = "Ann met <|im_end|> in 北京. 🙂"
SCHEMAS = [load_schema(name) for name in shipped.names()]
JUDGES = [Judge(one.validator(), table_fields(one), Neutraliser().restore, None) for one in SCHEMAS]
KEYS = sorted({word for one in SCHEMAS for word in json.dumps(one.body, ensure_ascii=False).split('"') if word.strip()})
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(KEYS)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
)
ANSWERS = st.text() | VALUES.map(json.dumps) | st.text(alphabet='{}[]",:\\ntfe0123456789.-+Eu`')


@given(ANSWERS, st.sampled_from(JUDGES), st.text() | st.just(TEXT))
def check(answer: str, judge: Judge, text: str) -> None:
    """One of a record or a problem, and a record that can be written."""
    request = Request(Document("d", text, "f:1"), "a", "f", (), [], Sampling(0.0), 1)
    found = judge.judge(Completion(request, answer))
    assert found.problem is None or (found.record is None and "\n" not in found.problem.kind)
    json.dumps(found.record, allow_nan=False, ensure_ascii=False).encode()
    assert all(text[start:end] == one.name for one in found.rows.get("entities", ()) for start, end in one.mentions)


if __name__ == "__main__":
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))(check)()
    print(f"{examples} answers judged")
