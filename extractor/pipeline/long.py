"""A document too long to be asked whole: a work for each passage, and what all of them say together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from extractor.answers.cures import Cures
from extractor.answers.whole import Whole
from extractor.pipeline.work import Procedure, Work, unasked
from extractor.tasks.cutting import Cutter
from extractor.tasks.requests import RequestBuilder
from extractor.tasks.restrict import summary_schema
from extractor.types import Document, Passage, Settlement

OF_SUMMARIES = (
    "The document holds what was said in short about each passage of a longer one, in order. Say the same in short"
    " about the whole."
)


class LongProcedure:
    """How the documents of one job are asked about, long ones too; what those need is made when the first is met."""

    def __init__(self, whole: Procedure, cutter: Cutter) -> None:
        self.whole, self.cutter = whole, cutter
        self._schema = whole.builder.task.schema

    def work(self, document: Document) -> "Work | LongWork":
        """The document's work, of which nothing is asked yet."""
        first = self.cutter.first(document)
        return Work(document, self.whole, first) if first else LongWork(document, self)

    @cached_property
    def of_passage(self) -> Procedure:
        """How a passage is asked about."""
        return self._asking(self.cutter.builder)

    @cached_property
    def of_summaries(self) -> Procedure | None:
        """How the summaries of passages are summed up; None where the schema has none, or says how to merge them."""
        schema = summary_schema(self._schema)
        return self._asking(self.whole.builder.asking(schema, OF_SUMMARIES)) if schema else None

    @cached_property
    def room_for_summaries(self) -> int:
        """Tokens of summaries that are summed up at once."""
        return self.of_summaries.builder.room() // 2 if self.of_summaries else 0

    @cached_property
    def merging(self) -> Whole:
        """How the answers to its passages become that for the document."""
        return Whole(self._schema, self.whole.judge.fields)

    def _asking(self, builder: RequestBuilder) -> Procedure:
        judge = replace(self.whole.judge, validator=builder.task.schema.validator(), wire=builder.wire)
        return Procedure(builder, judge, Cures(builder, self.whole.cures.attempts))


class LongWork:
    """A document from its first passage to its settlement; its works are asked as any other."""

    def __init__(self, document: Document, procedure: LongProcedure) -> None:
        self.document = document
        self.settlement: Settlement | None = None
        self._procedure, self._passages = procedure, procedure.cutter.passages(document)
        self.works: list[Work] = []  # begun, in order
        self._open = 0  # of them
        self._cut_into, self._is_cut = 0, False  # passages so far, and whether that is all
        self._is_summed = False
        self._level: list[Work] = []  # the passages, then summaries of them, then summaries of those

    def begin(self) -> Iterator[Work]:
        """A work for each passage, one after the other."""
        following = next(self._passages, None)
        while passage := following:
            following = next(self._passages, None)
            self._is_cut, self._cut_into = following is None, self._cut_into + 1
            yield self._begun(passage, self._procedure.of_passage)

    def follow(self) -> list[Work]:
        """What is asked now that one of its works is settled, possibly nothing."""
        self._open -= 1
        if self._open or not self._is_cut:
            return []
        said, procedure = self._said(), self._procedure.of_summaries
        if procedure and len(said) > 1:
            self._level, self._is_summed = [], True
            return [self._begun(document, procedure) for document in self._sums(said)]
        short = _record(self._level[0]) if self._is_summed and len(self._level) == 1 else None
        steps = [work.settlement for work in self.works if work.settlement]
        request = replace(unasked(self._procedure.whole.builder, self.document), document=self.document)
        self.settlement = self._procedure.merging.settlement(request, steps, self._cut_into, short)
        return []

    def _begun(self, document: Document, procedure: Procedure) -> Work:
        work = Work(document, procedure)
        self.works.append(work)
        self._level.append(work)
        self._open += 1
        return work

    def _said(self) -> list[tuple[str, Passage]]:
        """The summaries of this level that there are, in order, and of what each is."""
        found = []
        for work in self._level:
            rows = work.settlement.kept.rows.get("summaries", ()) if work.settlement else ()
            if rows and rows[0].summary.strip() and work.document.passage:
                found.append((rows[0].summary, work.document.passage))
        return found

    def _sums(self, said: Sequence[tuple[str, Passage]]) -> Iterator[Document]:
        """Documents that hold summaries, to be summed up."""
        plan = self._procedure.cutter.sums(self.document)
        if plan is None:
            yield from self._groups(said)
            return
        begun = len(self.works) - self._cut_into
        for place in plan[begun:]:
            held = [one for one in said if place.start <= one[1].start and one[1].end <= place.end]
            if held:
                yield self._of_summaries(held, place.number)
            if place.end == said[-1][1].end:
                return

    def _groups(self, said: Sequence[tuple[str, Passage]]) -> Iterator[Document]:
        """Documents that hold as many summaries as fit, two at least."""
        held: list[tuple[str, Passage]] = []
        tokens, number = 0, len(self.works)
        for text, passage in said:
            more = self._procedure.whole.builder.tokens(text)
            if len(held) > 1 and tokens + more > self._procedure.room_for_summaries:
                yield self._of_summaries(held, number := number + 1)
                tokens, held = 0, []
            held.append((text, passage))
            tokens += more
        if held:
            yield self._of_summaries(held, number + 1)

    def _of_summaries(self, held: Sequence[tuple[str, Passage]], number: int) -> Document:
        place = Passage(number, held[0][1].start, held[-1][1].end)
        return replace(self.document, text="\n\n".join(text for text, _ in held), passage=place)


def _record(work: Work) -> Any:
    return work.settlement.kept.record if work.settlement else None
