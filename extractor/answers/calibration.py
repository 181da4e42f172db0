"""What turns a raw score into a share of right answers: two numbers a table, fitted on gold and kept in a file."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from extractor.errors import UserError

_EDGE = 1e-6  # scores nearer to 0 or 1 count as that near


@dataclass(frozen=True, slots=True)
class Platt:
    """right = 1 / (1 + exp(-(a · logit(score) + b))), as fitted on so many items, so many of them right."""

    a: float
    b: float
    items: int
    right: int

    def of(self, score: float) -> float:
        """The share of items with this raw score that are right, 0 to 1."""
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, self.a * logit(score) + self.b))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The file of `evaluate --calibrate`: whose scores it is for, and what was fitted for each table's name."""

    model: str  # and its revision, as they name the work
    tables: dict[str, Platt]

    def of(self, table: str, score: float) -> float:
        """The calibrated score; as it is where nothing was fitted for the table."""
        return self.tables[table].of(score) if table in self.tables else score

    def text(self) -> str:
        """What its file holds."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def logit(score: float) -> float:
    """ln(p / (1 - p))."""
    p = min(max(score, _EDGE), 1 - _EDGE)
    return math.log(p / (1 - p))


def load_calibration(path: Path) -> Calibration:
    """The calibration in this file; UserError where it is none."""
    try:
        return TypeAdapter(Calibration).validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"--calibration {path}: {error.strerror}; extract evaluate --calibrate writes one") from None
    except ValidationError:
        raise UserError(f"--calibration {path} is no file of extract evaluate --calibrate; make it anew") from None
