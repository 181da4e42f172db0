"""An answer as the model writes it, in fewer tokens than the record that it stands for, and as exactly.

What is expanded is no less checked: the record is validated as any other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, repeat
from typing import Any

from extractor.tasks.as_lists import NEEDED, AsList, AsLists, branch_for, is_absent, lists_of
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import ValueLogprobs, WireForm

Path = tuple[str, ...]


class Unread(ValueError):
    """An answer that stands for no record; says where, and what was wanted there."""


@dataclass(frozen=True, slots=True, eq=False)
class AnswerWire:
    """How the answers to one schema are written."""

    form: WireForm
    root: Node
    lists: AsLists = field(default_factory=dict)  # objects that are written as lists, by the keys of their nodes

    def text(self, answer: Any) -> str:
        """An answer's JSON, as the grammar has it: with its separators, and no escape that the text does not need."""
        return json.dumps(answer, ensure_ascii=False, separators=separators(self.form))

    def encode(self, record: Any) -> Any:
        """The answer that stands for this record: what no list can hold exactly stays as it is."""
        return self._encoded(self.root, record) if self.lists else record

    def decode(self, answer: Any) -> Any:
        """The record that an answer stands for; a record is itself. Unread where there is none."""
        return self.decoded(answer, None)[0]

    def decoded(self, answer: Any, known: ValueLogprobs | None) -> tuple[Any, ValueLogprobs | None]:
        """The record, and what is known of each name and value of the answer for those of the record.

        Nothing is known of a name that was not written.
        """
        if not self.lists:
            return answer, known
        reader = _Expansion(self.lists, iter(repeat(None) if known is None else known))
        record = reader.value(self.root, answer, ())
        return record, None if known is None or len(known) != reader.met else reader.laid

    def _encoded(self, node: Node, value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        branch = branch_for(node, value)
        if isinstance(value, list):
            return [self._encoded(branch.at_index(number), one) for number, one in enumerate(value)]
        held = {key: self._encoded(branch.at_key(key), one) for key, one in value.items()}
        as_list = self.lists.get(branch.key)
        listed = _listed(as_list, held) if as_list else None
        return listed if listed is not None and self._is_read_as(node, listed, branch) else held

    def _is_read_as(self, node: Node, listed: Sequence[Any], branch: Node) -> bool:
        found = _object_of(node, self.lists, listed)
        return found is not None and found[0] is branch


def separators(form: WireForm) -> tuple[str, str]:
    """What stands between the values of an answer, and behind its names."""
    return (",", ":") if form in ("tight", "tight-arrays") else (", ", ": ")


@lru_cache(maxsize=64)
def wire_of(schema: Schema) -> AnswerWire:
    """How the answers to this schema are written."""
    root = read(schema.body)
    return AnswerWire(schema.form, root, lists_of(root) if schema.form in ("arrays", "tight-arrays") else {})


PLAIN = AnswerWire("plain", Node(()))


class _Expansion:
    """Reads an answer, and takes what is known of its names and values, in their order."""

    def __init__(self, lists: AsLists, known: Iterator[list[float] | None]) -> None:
        self._lists, self._known = lists, known
        self.laid: ValueLogprobs = []  # what is known of each name and value of the record
        self.met = 0  # names and values of the answer

    def value(self, node: Node, said: Any, path: Path) -> Any:
        """The part of the record that this part of the answer stands for."""
        if isinstance(said, list):
            return self._list(node, said, path)
        if isinstance(said, dict):
            branch, found = branch_for(node, said), {}
            for key, one in said.items():
                self._lay()
                found[key] = self.value(branch.at_key(key), one, (*path, key))
            return found
        self._lay()
        return said

    def _list(self, node: Node, said: list[Any], path: Path) -> Any:
        if any(branch.key in self._lists for branch in node.branches):
            return self._object(node, said, path)
        branch = branch_for(node, said)
        return [self.value(branch.at_index(number), one, (*path, str(number))) for number, one in enumerate(said)]

    def _object(self, node: Node, said: list[Any], path: Path) -> dict[str, Any]:
        chosen = _object_of(node, self._lists, said)
        if chosen is None:
            raise Unread(f"at {'/'.join(path) or 'the root'}: {_wanted(node, self._lists, said)}")
        (branch, as_list), found = chosen, dict[str, Any]()
        for key, absent, one in zip(as_list.keys, as_list.absent, said, strict=False):
            if is_absent(absent, one):
                self._pass_over(one)
            else:
                self.laid.append([])
                found[key] = self.value(branch.properties[key], one, (*path, key))
        return found

    def _lay(self) -> None:
        self.laid.append(next(self._known, None))
        self.met += 1

    def _pass_over(self, absent: Any) -> None:
        count = 1 if absent is None else 0
        self.met += len(list(islice(self._known, count)))


def _object_of(node: Node, lists: AsLists, values: Sequence[Any]) -> tuple[Node, AsList] | None:
    """The object of this place whose values these are."""
    known = [(branch, as_list) for branch in node.branches if (as_list := lists.get(branch.key))]
    if len(known) == 1:
        return known[0] if known[0][1].holds(values) else None
    return next(((branch, as_list) for branch, as_list in known if as_list.takes(branch, values)), None)


def _listed(as_list: AsList, held: Mapping[str, Any]) -> list[Any] | None:
    """The values of an object as a list; None where it has other keys, or a value that would say that there is none."""
    if not set(held) <= set(as_list.keys):
        return None
    told = list(zip(as_list.keys, as_list.absent, strict=True))
    if any((absent is NEEDED and key not in held) or is_absent(absent, held.get(key, NEEDED)) for key, absent in told):
        return None
    values = [held.get(key, absent) for key, absent in told]
    last = max((number for number, key in enumerate(as_list.keys, 1) if key in held), default=0)
    return values[:last]


def _wanted(node: Node, lists: AsLists, said: Sequence[Any]) -> str:
    forms = [", ".join(as_list.keys) for branch in node.branches if (as_list := lists.get(branch.key))]
    values = f"{len(said)} value{'' if len(said) == 1 else 's'}"
    return f"a list of {values}, where the values of {' or of '.join(forms)} are wanted"
