"""What a page may send: pydantic at the door."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from extractor.errors import UserError

T = TypeVar("T")
Span = Annotated[tuple[int, int], Field(strict=False)]  # JSON has lists for it; its numbers are whole


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AskedDocument(_Asked):
    """Which document a window wants to see; none: the first that is not decided."""

    window: str = ""
    doc_id: str | None = None


class ReviewedRow(_Asked):
    """A row of a table as the person left it; `origin` is the number of the run's row that it was, None for a new one.

    `values` are its columns, `mentions` [start, end) in code points.
    """

    origin: int | None = None
    values: dict[str, Any]
    mentions: list[Span] = Field(default_factory=list)
    attributes: dict[str, Any] = Field(default_factory=dict)


class AskedDecision(_Asked):
    """What a person decided on a document: its rows by the table's word, and the values of the form by their place."""

    doc_id: str
    verdict: Literal["right", "skipped"]
    tables: dict[str, list[ReviewedRow]] = Field(default_factory=dict)
    form: list[Any] | None = None
    note: str = ""
    seconds: float = Field(0.0, ge=0, le=10**6)
    window: str = ""


class AskedName(_Asked):
    """A name whose places in a document are wanted."""

    doc_id: str
    name: str = Field(min_length=1, max_length=10_000)


def asked_name(said: Any) -> AskedName:
    """The name; UserError where it is none."""
    return _read(TypeAdapter(AskedName), said)


def asked_document(said: Any) -> AskedDocument:
    """What is asked for; UserError where it is nothing of the kind."""
    return _read(TypeAdapter(AskedDocument), said)


def asked_decision(said: Any) -> AskedDecision:
    """The decision; UserError where it is none."""
    return _read(TypeAdapter(AskedDecision), said)


def _read(form: TypeAdapter[T], said: Any) -> T:
    try:
        return form.validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its root"
        raise UserError(f"the page sent what cannot be read, at {where}: {first['msg']}; reload it") from None
