"""What a schema's author would want to know of its tables: what feeds each, what looks like one, what stays behind."""

from collections.abc import Iterator, Sequence
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
SUBJECTS = {"subject", "source", "head", "from", "subj", "arg1", "start", "主体", "主语", "头实体", "源", "起点", "甲"}
OBJECTS = {"object", "target", "tail", "to", "obj", "arg2", "end", "客体", "宾语", "尾实体", "目标", "终点", "乙"}
PREDICATES = {"predicate", "relation", "rel", "relationship", "type", "label", "谓词", "谓语", "关系", "类型", "联系"}
SUMMARIES = {"summary", "abstract", "overview", "synopsis", "tldr", "gist", "摘要", "概要", "总结", "简介", "概述"}
ENTITIES = {
    *("entities", "entity", "people", "persons", "organisations", "organizations", "companies", "places", "locations"),
    *(
        "products",
        "events",
        "names",
        "mentions",
        "nodes",
        "vertices",
        "节点",
        "实体",
        "人物",
        "机构",
        "组织",
        "地点",
        "公司",
        "产品",
        "事件",
    ),
}
LIKE = {
    "relations": {"subject": SUBJECTS, "object": OBJECTS, "predicate": PREDICATES},
    "entities": {"name": NAMES, "type": TYPES},
}
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
        if key.casefold() in SUMMARIES and all_text(branch):
            return f'{where} looks like a summary; to fill that column add "{WORD}": "summary" to it'
    return ""


def _table(where: str, key: str, item: Node, is_map: bool) -> str:
    for table, roles in LIKE.items():
        found = {role: name for role, names in roles.items() for name in item.properties if name.casefold() in names}
        if table == "entities" and "name" not in found and key.casefold() in ENTITIES:
            captions = [name for name in item.properties if name.casefold() in CAPTIONS]
            found = {role: name for role, name in found.items() if name not in captions[:1]}
            found |= {"name": captions[0]} if captions else {}
        named = table == "relations" or "type" in found or key.casefold() in ENTITIES
        if named and set(BY_WORD[table].needed) <= set(found):
            marks = [f'"{WORD}": "{table}" to it']
            marks += [f'"{WORD}": "{role}" to {name}' for role, name in found.items() if role != name]
            return f"{where} looks like {table}; to fill that table add {', '.join(marks)}"
    if key.casefold() in ENTITIES and ("string" in (item.types or ()) or is_map):
        return f'{where} looks like entities; to fill that table add "{WORD}": "entities" to it'
    return ""
