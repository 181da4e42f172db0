"""What an answer must satisfy: the schema with its formats, and the pydantic class that it was made of."""

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from pydantic import BaseModel
from pydantic import ValidationError as ClassError

from extractor.tasks.compiled import compiled


class Validation:
    """Checks answers as `jsonschema` does, formats included, then by the class; never opens a network connection."""

    def __init__(self, body: dict[str, Any], model: type[BaseModel] | None = None) -> None:
        self.draft: type[Validator] = validator_for(body, default=Draft202012Validator)
        self._validator = self.draft(body, registry=SPECIFICATIONS, format_checker=self.draft.FORMAT_CHECKER)
        self._body, self._model = body, model

    def is_plainly_valid(self, answer: Any) -> bool:
        """Whether it is known at once, whatever the schema, that nothing is against this answer."""
        return self._model is None and self._surely is not None and self._surely(answer)

    def is_valid(self, answer: Any) -> bool:
        """Whether nothing is found against this answer."""
        return next(self.iter_errors(answer), None) is None

    def iter_errors(self, answer: Any) -> Iterator[ValidationError]:
        """Every fault that the schema finds; those that the class finds where the schema finds none."""
        found = False
        for error in () if self._surely and self._surely(answer) else self._validator.iter_errors(answer):
            found = True
            yield error
        if self._model and not found:
            yield from _faults(self._model, answer)

    @cached_property
    def _surely(self) -> Callable[[Any], bool] | None:
        """Whether an answer is valid for the schema, where there is a quick way to know."""
        return compiled(self._body, self.draft)


def _faults(model: type[BaseModel], answer: Any) -> Iterator[ValidationError]:
    try:
        model.model_validate_json(json.dumps(answer))
    except ClassError as fault:
        for error in fault.errors(include_url=False, include_context=False):
            yield ValidationError(error["msg"], path=error["loc"], instance=answer)
    except (RecursionError, ArithmeticError):
        raise
    except Exception as fault:  # of the person's own code, which may be of any kind: the answer is what it failed on
        yield ValidationError(
            f"{model.__name__} failed on this answer: {type(fault).__name__}: {fault}", instance=answer
        )
