"""What passages say, place by place of the schema, as one record: each place by its JSON type, or by its `x-merge`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.answers.agree import agree, filled, form_of, fullness
from extractor.answers.choose import (
    ALL_COUNT,
    MOST_TOLD,
    Given,
    choose,
    disagreement,
    fold,
    grouped,
    is_absent,
    key_of,
    most_given,
)
from extractor.tables import BY_WORD
from extractor.tasks.merging import FITTING, is_whole, keys_of, word_of
from extractor.tasks.reading import Node
from extractor.types import TableField

REDUCED = -1  # the number of the passage that is none: the summary of the passages' summaries


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of the record, and the fields that it feeds or leads to, each with the steps that are left to go."""

    path: tuple[str, ...] = ()
    ahead: tuple[tuple[TableField, tuple[str, ...]], ...] = ()

    def under(self, key: str) -> "Spot":
        """The place of this key."""
        left = [(field, steps[1:]) for field, steps in self.ahead if steps and _leads(steps[0], key)]
        return Spot((*self.path, key), tuple(left))

    @property
    def is_summary(self) -> bool:
        """Whether the text of a table is here."""
        return any(not steps and BY_WORD[field.table].holds == "text" for field, steps in self.ahead)

    @property
    def is_listed(self) -> bool:
        """Whether items of a table are listed here."""
        return any(steps == ("[]",) for _, steps in self.ahead)

    @property
    def leads_on(self) -> bool:
        """Whether tables are fed by what is inside, or an item that is the same by its key is here."""
        keyed = (
            field.shape[-1:] and field.shape[-1].startswith(("{name", "{id"))
            for field, steps in self.ahead
            if not steps
        )
        return any(steps for _, steps in self.ahead) or any(keyed)


class Fusion:
    """Merges values, and keeps where passages disagree."""

    def __init__(self, fields: Sequence[TableField], texts: Mapping[int, str]) -> None:
        self.fields = fields
        self.conflicts: dict[str, list[dict[str, Any]]] = {}
        self.weights: dict[int, float] = {}  # of the passages, by their numbers
        self._texts, self._folded = texts, dict[int, str]()

    def record(self, root: Node, records: Sequence[tuple[Any, int, int]], reduced: Any) -> Any:
        """The whole record of the passages' records, each with its number and its tokens."""
        steps = [
            (one, one.path if BY_WORD[one.table].holds == "text" else (*one.path, *one.shape)) for one in self.fields
        ]
        given = [Given(value, number, max(tokens, 1)) for value, number, tokens in records]
        self.weights = {one.passage: one.weight for one in given}
        more = [] if reduced is None else [Given(reduced, REDUCED, 0)]
        return self.merge(root, [*given, *more], Spot((), tuple(steps)))

    def merge(self, node: Node, given: Sequence[Given], spot: Spot) -> Any:
        """One value for what is given at a place, in text order, at least one."""
        said = [one for one in given if not is_absent(one.value)]
        if len(said) < 2:
            values = [one.value for one in said or given]
            return next((value for value in values if value is not None), None)
        if spot.is_summary:
            return self._summary(node, said)
        kinds = {_kind(one.value) for one in said}
        if len(kinds) > 1:
            return self._chosen("first", said, spot)
        how = {"list": self._list, "object": self._object}.get(kinds.pop(), self._scalar)
        return how(node, said, spot)

    def fields_of(self, node: Node, given: Sequence[Given], spot: Spot) -> dict[str, Any]:
        """Objects key by key; where they are of different forms, of the form that most of the text is given in."""
        alike = self._of_one_form(node, given, spot)
        branch = form_of(node, alike[0].value)
        keys = dict.fromkeys(key for one in alike for key in one.value)
        named = [
            *(key for key in branch.properties if key in keys),
            *(key for key in keys if key not in branch.properties),
        ]
        fused = {}
        for key in named:
            inside = spot.under(key)
            found = [
                replace(one, value=one.value[key]) for one in (given if inside.ahead else alike) if key in one.value
            ]
            fused[key] = self.merge(branch.at_key(key), found, inside)
        return fused

    def _scalar(self, node: Node, said: Sequence[Given], spot: Spot) -> Any:
        branch = node.branch_of(said[0].value)
        fitting = (FITTING["label"] if branch.values is not None else ()) + FITTING[_kind(said[0].value)]
        word = word_of(branch)
        return self._chosen(word if word in fitting else fitting[0], said, spot)

    def _list(self, node: Node, said: Sequence[Given], spot: Spot) -> Any:
        said = [one for one in said if one.passage != REDUCED]
        branch = node.branch_of(said[0].value)
        whole = is_whole(branch)
        word = word if (word := word_of(branch)) in FITTING["whole list" if whole else "list"] else None
        if whole or word in ("first", "longest"):
            return self._chosen(word or "first", said, spot)
        items = [replace(one, value=item) for one in said for item in one.value]
        plain = not any(isinstance(item.value, list | dict) for item in items)
        if keys := keys_of(branch):
            groups = grouped(items, lambda item: _by_keys(item, keys))
            return [self.merge(branch.items or Node(()), group, spot.under("[]")) for group in groups]
        if word == "concat" or (not word and not plain and (spot.is_listed or not _is_unique(branch))):
            return [item.value for item in items]
        groups = grouped(items, key_of)
        return [
            most_given(one.value for one in group) if plain and spot.is_listed else group[0].value for group in groups
        ]

    def _object(self, node: Node, said: Sequence[Given], spot: Spot) -> Any:
        branch = form_of(node, said[0].value)
        is_map = bool(branch.entries) and not branch.properties
        word = word_of(branch) or ("fields" if not spot.path or is_map or spot.leads_on else "fill")
        if word == "fields":
            return self.fields_of(node, said, spot)
        taken = self._one_thing(node, said, spot, whole=word == "atomic")
        return self.fields_of(node, taken, spot) if len(taken) > 1 else taken[0].value

    def _one_thing(self, node: Node, said: Sequence[Given], spot: Spot, whole: bool) -> list[Given]:
        """The fullest object, and (unless it is one `whole`) those that say nothing else than it and each other."""
        fullest = max(said, key=lambda one: fullness(one.value))
        known, others = fullest.value, list[Given]()
        for one in said:
            if one is fullest or (not whole and agree(node, known, one.value)):
                known = filled(known, one.value)
            else:
                others.append(one)
        self._note([fullest, *others], spot)
        gone = {id(one) for one in others}
        return [one for one in said if id(one) not in gone]

    def _summary(self, node: Node, said: Sequence[Given]) -> Any:
        made = [one for one in said if one.passage == REDUCED]
        if made or word_of(node.branch_of(said[0].value)) != "join":
            return (made or said)[0].value
        return _joined(said)

    def _of_one_form(self, node: Node, given: Sequence[Given], spot: Spot) -> list[Given]:
        forms: dict[Any, list[Given]] = {}
        for one in given:
            forms.setdefault(form_of(node, one.value).key, []).append(one)
        most = max(forms.values(), key=lambda form: sum(one.weight for one in form))
        if len(forms) > 1:
            self._note([form[0] for form in forms.values()], spot)
        return most

    def _chosen(self, word: str, said: Sequence[Given], spot: Spot) -> Any:
        if word not in ALL_COUNT:
            self._note(said, spot)
        return choose(word, [replace(one, is_in_text=self._is_in_text(one)) for one in said])

    def _note(self, said: Sequence[Given], spot: Spot) -> None:
        if told := disagreement([one for one in said if one.passage != REDUCED]):
            known = self.conflicts.setdefault("/".join(spot.path) or "the root", [])
            known += told[: MOST_TOLD - len(known)]

    def _is_in_text(self, one: Given) -> bool:
        if not isinstance(one.value, str) or not self._texts.get(one.passage):
            return False
        if one.passage not in self._folded:
            self._folded[one.passage] = fold(self._texts[one.passage])
        return fold(one.value) in self._folded[one.passage]


def _kind(value: Any) -> str:
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "list"
    return "label" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"


def _leads(step: str, key: str) -> bool:
    return step == key or (step.startswith("{") and re.search(step[1:-1].partition(":")[2], key) is not None)


def _by_keys(item: Any, keys: Sequence[str]) -> str | None:
    values = [item.get(key) for key in keys] if isinstance(item, dict) else []
    return None if all(map(is_absent, values)) else "\n".join(map(key_of, values))


def _is_unique(node: Node) -> bool:
    return bool(node.word("uniqueItems"))


def _joined(said: Sequence[Given]) -> Any:
    """The texts of all, in objects those of each key."""
    values = [one.value for one in said]
    if all(isinstance(value, str) for value in values):
        return choose("join", said)
    if all(isinstance(value, dict) for value in values):
        keys = dict.fromkeys(key for value in values for key in value)
        found = {key: [replace(one, value=one.value[key]) for one in said if one.value.get(key)] for key in keys}
        return {key: _joined(inner) if inner else values[0].get(key) for key, inner in found.items()}
    return [item for value in values for item in (value if isinstance(value, list) else [value])]
