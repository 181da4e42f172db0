"""What a schema's author would want to know of its tables: what feeds each, what looks like one, what stays behind."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from extractor.tables import BY_WORD
from extractor.tasks.containers import all_text
from extractor.tasks.marks import WORD
from extractor.tasks.places import shown
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import TableField

NAMES = {
    "name",
    "text",
    "mention",
    "entity",
    "value",
    "word",
    "surface",
    "span",
    "名称",
    "姓名",
    "名字",
    "实体",
    "文本",
    "名",
}
CAPTIONS = {"label", "title", "caption", "标题"}  # names of what lies in a list of things
TYPES = {"type", "label", "category", "kind", "class", "entity_type", "ner", "tag", "类型", "类别", "种类", "标签"}
SUBJECTS = {
    *("subject", "source", "head", "from", "subj", "arg1", "start"),
    *("主体", "主语", "头实体", "源", "源实体", "起点", "甲"),
}
OBJECTS = {
    *("object", "target", "tail", "to", "obj", "arg2", "end"),
    *("客体", "宾语", "尾实体", "目标", "目标实体", "终点", "乙"),
}
PREDICATES = {"predicate", "relation", "rel", "relationship", "type", "label", "谓词", "谓语", "关系", "类型", "联系"}
SUMMARIES = {"summary", "abstract", "overview", "synopsis", "tldr", "gist", "摘要", "概要", "总结", "简介", "概述"}
ENTITIES = {
    *("entities", "entity", "people", "persons", "organisations", "organizations", "companies", "places", "locations"),
    *("products", "events", "names", "mentions", "nodes", "vertices", "节点", "实体", "人物", "机构", "组织", "地点"),
    *("公司", "产品", "事件"),
}
LIKE = {
    "relations": {"subject": SUBJECTS, "object": OBJECTS, "predicate": PREDICATES},
    "entities": {"name": NAMES, "type": TYPES},
}
SAYING_LITTLE = {"entity", "entities", "node", "named", "relation", "relationship", "list", "name", "id", "text"}
PLACES = {"start", "end"}  # where numbers, of a mention in the text
SECOND = {"1": "2", "A": "B", "a": "b", "一": "二", "甲": "乙"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
_SUFFIX = re.compile(r"(?<=..)(列表|名单|信息|集合)$")
MAX_DEPTH = 6


def described(field: TableField) -> str:
    """What feeds a table, in a line: "relations ← 关系 (keys: predicate; subject: 人物; object: 关联)"."""
    keys = [step[1:].partition(":")[0].rstrip("}") for step in field.shape if step.startswith("{")]
    said = [f"keys: {', '.join(keys)}"] if any(keys) else []
    said += [f"{role}: {key}" for role, key in field.roles.items() if role != key]
    said += [f"{role}: {key or 'the key around it'}" for role, (_, key) in field.around.items()]
    told = [f"{key} = {' or '.join(map(str, values))}" for key, values in field.when if len(values) == 1]
    more = f" where {' and '.join(told)}" if told else ""
    return f"{field.table} ← {shown(field.path)}{more}{' (' + '; '.join(said) + ')' if said else ''}"


def left_in_record(schema: Schema, fields: Sequence[TableField]) -> list[str]:
    """The properties of the root that feed no table, nor hold anything that does."""
    fed = {field.path[0] for field in fields if field.path}
    whole = any(not field.path for field in fields)
    named = (name for branch in read(schema.body).branches for name in branch.properties)
    return [name for name in dict.fromkeys(named) if name not in fed and not whole]


def near_misses(schema: Schema, fields: Sequence[TableField]) -> list[str]:
    """What looks like a table and feeds none, with the annotations to add."""
    fed, root = [field.path for field in fields], read(schema.body)
    whole = _said("the root", "", root) if root.is_list and () not in fed else ""
    return [whole] if whole else list(dict.fromkeys(_look(root, (), fed, frozenset())))


def _look(node: Node, path: tuple[str, ...], fed: list[Any], above: frozenset[Any]) -> Iterator[str]:
    if node.key in above or len(path) > MAX_DEPTH:
        return
    above |= {node.key}
    for branch in node.branches:
        for key, child in branch.properties.items():
            place = (*path, key)
            if place in fed:
                continue
            said = _said("/".join(place), key, child)
            if said:
                yield said
            else:
                yield from _look(child, place, fed, above)
        for _, child in branch.entries:
            yield from _look(child, (*path, "{}"), fed, above)
        if branch.items and (*path, "[]") not in fed:
            yield from _look(branch.items, (*path, "[]"), fed, above)


def _said(where: str, key: str, node: Node) -> str:
    for branch in node.branches:
        below = [branch.items] if branch.items else [child for _, child in branch.entries]
        for item in (inner for child in below for inner in child.branches):
            if said := _table(where, key, item, bool(branch.entries)):
                return said
        if _is(key, SUMMARIES) and all_text(branch):
            return f'{where} looks like a summary; to fill that column add "{WORD}": "summary" to it'
    return ""


def _table(where: str, key: str, item: Node, is_map: bool) -> str:
    for table, roles in LIKE.items():
        found = {role: name for role, names in roles.items() if (name := _called(item, names))}
        if table == "relations" and not {"subject", "object"} & set(found):
            found = _pair(item) | found
        if table == "entities" and "name" not in found and _is(key, ENTITIES):
            found = _captioned(item, found)
        named = table == "relations" or "type" in found or _is(key, ENTITIES)
        if named and set(BY_WORD[table].needed) <= set(found):
            marks = [f'"{WORD}": "{table}" to it']
            marks += [f'"{WORD}": "{role}" to {name}' for role, name in found.items() if role != name]
            return f"{where} looks like {table}; to fill that table add {', '.join(marks)}"
    if _is(key, ENTITIES) and ("string" in (item.types or ()) or is_map):
        return f'{where} looks like entities; to fill that table add "{WORD}": "entities" to it'
    return ""


def _pair(item: Node) -> dict[str, str]:
    """Two ends that are told apart by a number or a letter: person_1 and person_2, 人物A and 人物B."""
    for key in item.properties:
        other = key[:-1] + SECOND.get(key[-1:], "?")
        if len(key) > 1 and other in item.properties:
            return {"subject": key, "object": other}
    return {}


def _captioned(item: Node, found: dict[str, str]) -> dict[str, str]:
    """What plays which role where a caption is all the name that things have."""
    caption = _called(item, CAPTIONS) or next((key for key in item.properties if _words(key)[-1:] == ["name"]), "")
    return {role: name for role, name in found.items() if name != caption} | ({"name": caption} if caption else {})


def _called(item: Node, names: Collection[str]) -> str:
    """The property of one of these names: as it is, else by the one word of its name that says something."""
    keys = [key for key, child in item.properties.items() if not (key in PLACES and child.types == ("integer",))]
    exact = [key for key in keys if key.casefold() in names]
    return next(iter(exact or [key for key in keys if _is(key, names)]), "")


def _is(key: str, names: Collection[str]) -> bool:
    words = _words(key)
    telling = [word for word in words if word not in SAYING_LITTLE] or words[-1:]
    return key.casefold() in names or (len(telling) == 1 and telling[0] in names)


def _words(key: str) -> list[str]:
    """The words of a name in snake_case, camelCase or Chinese."""
    return [_SUFFIX.sub("", word) or word for word in map(str.casefold, _WORD.findall(key))]
