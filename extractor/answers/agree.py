"""Whether objects of several passages are of one thing, and what they say of it together."""

from typing import Any

from extractor.answers.choose import is_absent, key_of
from extractor.tasks.merging import is_whole
from extractor.tasks.reading import Node


def form_of(node: Node, value: Any) -> Node:
    """The branch that holds for this value, whatever of it is null."""
    if not isinstance(value, dict) or not node.unions:
        return node.branch_of(value)
    return next((branch for branch in node.branches if _fits(branch, value)), node.branch_of(value))


def agree(node: Node, one: Any, other: Any) -> bool:
    """Whether two values may be of one thing: of one form, and what both say is the same, lists apart."""
    if is_absent(one) or is_absent(other):
        return True
    branch = form_of(node, one)
    if isinstance(one, dict) and isinstance(other, dict):
        same = branch.key == form_of(node, other).key
        return same and all(agree(branch.at_key(key), one[key], other[key]) for key in one if key in other)
    if isinstance(one, list) and isinstance(other, list) and not is_whole(branch):
        return True
    return key_of(one) == key_of(other)


def filled(one: Any, other: Any) -> Any:
    """A value with what the other says where it says nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: filled(one.get(key), other.get(key)) for key in {**one, **other}}
    return other if is_absent(one) else one


def fullness(value: Any) -> int:
    """How many values are said in it."""
    if isinstance(value, dict):
        return sum(fullness(one) for one in value.values())
    return 0 if is_absent(value) else 1


def _fits(branch: Node, value: dict[str, Any]) -> bool:
    said = ((value[key], child) for key, child in branch.properties.items() if value.get(key) is not None)
    return set(branch.required) <= set(value) and all(child.values is None or child.suits(one) for one, child in said)
