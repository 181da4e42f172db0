"""Errors of one request are told from those of the engine."""

import pytest
from fakes import a_request

from extractor.engines.doubts import SEVERAL, Doubts
from extractor.errors import EngineError
from extractor.types import Completion, Document, Finish


def completion(finish: Finish) -> Completion:
    said = "vLLM ended it with 'error'" if finish == "error" else ""
    return Completion(a_request(Document("d", "text", "in:1")), "", finish=finish, error=said)


ERROR, GOOD, ABORTED = completion("error"), completion("stop"), completion("aborted")


def test_an_error_counts_once_an_answer_shows_that_the_engine_is_well() -> None:
    doubts = Doubts()
    assert doubts.believe([ERROR], more_to_come=True) == []
    assert doubts.believe([ABORTED], more_to_come=True) == [ABORTED]
    assert doubts.held == [ERROR]
    assert doubts.believe([GOOD], more_to_come=True) == [GOOD, ERROR]
    assert doubts.held == []


def test_where_nothing_else_is_under_way_an_error_is_the_requests_own() -> None:
    assert Doubts().believe([ERROR, ERROR], more_to_come=False) == [ERROR, ERROR]


def test_several_in_a_row_are_the_engines_and_no_document_pays() -> None:
    doubts = Doubts()
    for _ in range(SEVERAL - 1):
        assert doubts.believe([ERROR, ABORTED], more_to_come=True) == [ABORTED]
    with pytest.raises(EngineError, match=rf"{SEVERAL} errors in a row, the last: vLLM ended it with 'error'"):
        doubts.believe([ERROR], more_to_come=True)


def test_errors_between_answers_are_never_the_engines() -> None:
    doubts = Doubts()
    told = [c for _ in range(4 * SEVERAL) for c in doubts.believe([ERROR, GOOD], more_to_come=True)]
    assert told == [GOOD, ERROR] * 4 * SEVERAL
