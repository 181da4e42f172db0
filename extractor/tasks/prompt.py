"""Prompts: files that a person edits, rendered into chat messages with the document last."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.guide import guide, layout, plain
from extractor.tasks.schema import Schema
from extractor.tasks.wire import wire_of
from extractor.types import Message

SYSTEM, USER = "--- system ---", "--- user ---"
VARIABLES = ("title", "description", "schema", "guide", "layout", "document")
# No loops, calls or attributes: a prompt ends, stays near its document's length, and runs nothing.
ALLOWED = (
    *(nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Compare),
    *(nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.Filter, nodes.Concat),
)
FILTERS = ("trim", "upper", "lower", "length", "tojson")

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False, autoescape=False)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Two templates; only the user's part may hold the document, so that all before it is one shared prefix."""

    path: Path
    system: Template
    user: Template
    text: str

    def opening(self, schema: Schema) -> Message:
        """The system message: the same for every document."""
        return {"role": "system", "content": self._render(self.system, _words(schema))}

    def asking(self, schema: Schema, document: str) -> Message:
        """The user message that ends with this document."""
        return {"role": "user", "content": self._render(self.user, {**_words(schema), "document": document})}

    def _render(self, template: Template, words: dict[str, str]) -> str:
        try:
            return template.render(words).strip()
        except (TemplateError, TypeError, ValueError, OverflowError) as error:
            known = ", ".join(f"{{{{ {word} }}}}" for word in VARIABLES)
            raise UserError(f"--prompt {self.path}: {error}; a prompt may use {known}") from None


def load_prompt(given: str | None, schema: Schema) -> Prompt:
    """The prompt file given, else the one that ships beside the schema, else the default."""
    path = Path(given) if given else _beside(schema)
    if given and not path.is_file():
        found = shipped.find(given, "prompts", ".md")
        if not found:
            raise UserError(f"--prompt {given}: no such file; copy a shipped one (extract schemas NAME shows them)")
        path = found
    return _parse(path, shipped.read_text(path, "--prompt"))


def check_prompt(prompt: Prompt, schema: Schema) -> None:
    """UserError for a prompt that cannot be filled in, or does not tell of the form in which answers are written."""
    prompt.asking(schema, "")
    if not wire_of(schema).lists:
        return
    told = meta.find_undeclared_variables(_environment.parse(prompt.text))
    if "schema" in told or not {"guide", "layout"} & told:
        fault = "shows {{ schema }}, and answers are written otherwise" if "schema" in told else "does not tell how"
        raise UserError(f"--wire {schema.form}: --prompt {prompt.path} {fault}; show {{{{ guide }}}} there")


def _beside(schema: Schema) -> Path:
    own = schema.path.with_suffix(".md") if schema.path else None
    if own and own.is_file():
        return own
    named = shipped.find(schema.name, "prompts", ".md") if _is_shipped(schema) else None
    default = shipped.find("default", "prompts", ".md")
    assert default, "prompts/default.md ships with the package"
    return named or default


def _is_shipped(schema: Schema) -> bool:
    return schema.path is not None and schema.path == shipped.find(schema.name, "schemas", ".json")


def _parse(path: Path, text: str) -> Prompt:
    head, found, rest = text.partition(SYSTEM)
    system, split, user = rest.partition(USER)
    if not (found and split) or head.strip():
        raise UserError(f"--prompt {path}: needs a line '{SYSTEM}' first and a line '{USER}' after it")
    for part, line in ((system, 1), (user, system.count("\n") + 1)):
        _check_part(f"--prompt {path}", part, line)
    if "document" in meta.find_undeclared_variables(_environment.parse(system)):
        raise UserError(f"--prompt {path}: {{{{ document }}}} belongs after '{USER}', so that the rest is cached")
    if "document" not in meta.find_undeclared_variables(_environment.parse(user)):
        raise UserError(f"--prompt {path}: {{{{ document }}}} is missing after '{USER}': no document would be sent")
    return Prompt(path, _environment.from_string(system), _environment.from_string(user), text)


def _check_part(where: str, part: str, line: int) -> None:
    """UserError for a part that is no template, or that does more than put words in their places."""
    try:
        tree = _environment.parse(part)
    except TemplateSyntaxError as error:
        raise UserError(f"{where}: line {line + error.lineno - 1}: {error.message}") from None
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED) or (isinstance(node, nodes.Filter) and node.name not in FILTERS):
            what = f"filter {node.name}" if isinstance(node, nodes.Filter) else type(node).__name__.lower()
            raise UserError(
                f"{where}: line {line + node.lineno - 1}: '{what}' is refused: a prompt holds text, {{{{ words }}}},"
                f" {{% if %}} and the filters {', '.join(FILTERS)}"
            )


@lru_cache(maxsize=64)
def _words(schema: Schema) -> dict[str, str]:
    wire = wire_of(schema)
    return {
        "title": schema.title,
        "description": schema.description,
        "schema": json.dumps(plain(schema.body), ensure_ascii=False),
        "guide": guide(wire),
        "layout": layout(wire),
    }


def answer_text(answer: Any) -> str:
    """An answer as the decoder's layout has it: natural separators, no escapes that the text does not need."""
    return json.dumps(answer, ensure_ascii=False)
