"""Which documents are too long to be asked whole, and the passages that are asked in their place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property

from extractor.documents.passages import Span, cut
from extractor.tasks.passage import passage_schema
from extractor.tasks.requests import RequestBuilder
from extractor.types import Document, Passage, Problem, Request

LEAST = 64  # tokens of text: less is no passage
HUGE = 8  # characters for each token of the context: more is cut before it is rendered
OF_A_PASSAGE = (
    "The document is one passage of a longer one. Give what this passage itself states, and null where it says nothing."
    " Leave out what its borders have cut off."
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """In tokens of text."""

    above: int  # a longer document is cut, where lists of things are asked for; 0: only one that does not fit
    passage: int  # of one passage, at most
    before: int  # shown before it


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a passage was cut, or what summaries were summed up together."""

    number: int
    start: int
    end: int
    before: int  # code points


class Cutter:
    """Cuts the long documents of one job; what it needs is made when the first is met."""

    def __init__(
        self, builder: RequestBuilder, lists: bool, sizes: Sizes, plan: Mapping[str, Sequence[Cut]] | None = None
    ) -> None:
        """`lists` says whether lists of things are asked for: these are read better from short passages.

        With a `plan`, by document's id, it cuts as that says, and nothing else.
        """
        self._builder, self._lists, self._sizes, self._plan = builder, lists, sizes, plan

    def first(self, document: Document) -> Request | Problem | None:
        """What is asked of it first, or why nothing can be; None where its passages are asked."""
        if document.problem:
            return document.problem
        if self._plan is not None:
            return None if document.id in self._plan else self._builder.first(document)
        if len(document.text) > HUGE * self._builder.context and self._size >= LEAST:
            return None
        first = self._builder.first(document)
        return None if self._is_long(document, first) and self._size >= LEAST else first

    def encode_ahead(self, documents: Iterable[Document], thread: Executor) -> None:
        """Begins to encode in a thread what `first` will ask for."""
        whole = (one for one in documents if not one.problem and len(one.text) <= HUGE * self._builder.context)
        if self._plan is None:
            self._builder.encode_ahead(whole, thread)

    def firsts(self, document: Document) -> Iterator[Request | Problem]:
        """What is asked first of the document, or of each of its passages."""
        if first := self.first(document):
            yield first
        else:
            yield from map(self.builder.first, self.passages(document))

    def passages(self, document: Document) -> Iterator[Document]:
        """Its passages, in order."""
        if self._plan is not None:
            return (_planned(document, place) for place in self._tiles(document))
        spans = cut(document.text, self._size, self._builder.tokens)
        return (self._passage(document, number, span) for number, span in enumerate(spans, 1))

    def sums(self, document: Document) -> list[Cut] | None:
        """In the order asked, what is summed up together; None where no plan says it."""
        return None if self._plan is None else list(self._plan[document.id])[len(self._tiles(document)) :]

    def _tiles(self, document: Document) -> list[Cut]:
        """The passages of the plan: the places before the first that begins where another has been."""
        assert self._plan is not None
        places, upto = self._plan[document.id], 0
        return [place for place in places if place.start == upto and (upto := place.end)]

    @cached_property
    def builder(self) -> RequestBuilder:
        """Builds the requests for passages."""
        return self._builder.asking(passage_schema(self._builder.task.schema), OF_A_PASSAGE)

    @cached_property
    def _size(self) -> int:
        """Tokens of a passage."""
        room = self.builder.room(self._sizes.before)
        return min(self._sizes.passage, room) if self._lists else room

    def _is_long(self, document: Document, first: Request | Problem) -> bool:
        if isinstance(first, Problem):
            return first.kind == "too_long"
        above = self._sizes.above if self._lists else 0
        return 0 < above < len(first.prompt) and self._builder.tokens(document.text) > above

    def _passage(self, document: Document, number: int, span: Span) -> Document:
        passage = Passage(number, *span, before=self._before(document.text, span[0]))
        return replace(document, text=document.text[slice(*span)], passage=passage)

    def _before(self, text: str, start: int) -> str:
        """What stands before: whole sentences, as many as the context of a passage holds."""
        size = self._sizes.before
        tail = text[max(0, start - HUGE * size) : start]
        spans = list(cut(tail, size, self._builder.tokens)) if size and tail else []
        return tail[slice(*spans[-1])] if spans else ""


def _planned(document: Document, place: Cut) -> Document:
    before = document.text[max(0, place.start - place.before) : place.start]
    passage = Passage(place.number, place.start, place.end, before)
    return replace(document, text=document.text[place.start : place.end], passage=passage)
