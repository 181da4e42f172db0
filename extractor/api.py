"""The door for notebooks and other programs: what the command line does, as functions that print nothing.

    from extractor import api

    outcome = api.run("news.jsonl", "news", "out/news", model="Qwen/Qwen3-8B")
    entities = api.read("out/news")["entities"].to_pandas()

Each function raises what the command line tells: UserError for a mistake of yours, with its cure in one line;
EngineError where the model's engine failed; Locked where another run holds the output; OSError and KeyboardInterrupt
as they are. Whatever is raised, what is finished is kept, and the same call continues.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from extractor.errors import EngineError, ExtractorError, Locked, UserError
from extractor.evaluation.compare import compare as _compare
from extractor.evaluation.evaluate import evaluate as _evaluate
from extractor.evaluation.gold import load_gold
from extractor.evaluation.results import Comparison, Evaluation
from extractor.evaluation.runs import load_run
from extractor.exits import Ended
from extractor.jobs.check import Checked
from extractor.jobs.check import check as _check
from extractor.jobs.fields import JobFields, TaskFields
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, make_job
from extractor.judging.session import ToJudge, loaded
from extractor.judging.standing import Standing
from extractor.pipeline.finish import Outcome
from extractor.pipeline.jobs import Providers, run_jobs
from extractor.pipeline.single import Answer, SingleTexts
from extractor.progress.events import Show
from extractor.progress.prometheus import MetricsFile
from extractor.store.output import Output

__all__ = [
    "Answer",
    "Checked",
    "Comparison",
    "EngineError",
    "Evaluation",
    "ExtractorError",
    "Locked",
    "Outcome",
    "Output",
    "Providers",
    "Standing",
    "UserError",
    "check",
    "close",
    "compare",
    "evaluate",
    "extract_one",
    "judged",
    "read",
    "run",
]
Place = str | Path
REAL = Providers()
_texts = SingleTexts(REAL)


def run(
    inputs: Place | Sequence[Place],
    schema: Place,
    out: Place,
    *,
    providers: Providers = REAL,
    **fields: Unpack[JobFields],
) -> Outcome:
    """Settles every document of `inputs`, as `extract run` does; the same call continues a run that was stopped.

    `fields` are the flags of `extract run`, with `_` for `-`. The outcome has `code`, the command line's exit code
    (0 all is well, 4 some documents are quarantined, 5 stopped with work left), and `status`, which counts documents,
    rows, tokens and seconds. It frees a model that `extract_one` has loaded: no two live at once. `providers` puts an
    engine of your own in the place of vLLM.
    """
    given = _job(inputs, schema, out, fields)
    close()
    try:
        (outcome,) = run_jobs([given], _shows, providers)
    except Ended as end:
        raise end.__cause__ or end from None
    return outcome


def check(
    inputs: Place | Sequence[Place],
    schema: Place,
    out: Place,
    *,
    providers: Providers = REAL,
    **fields: Unpack[JobFields],
) -> Checked:
    """What such a run would do and refuse, by its first 1,000 documents; no model is loaded, nothing is written."""
    given = _job(inputs, schema, out, fields)
    return _check(providers.prepare(given), given.origins)


def extract_one(
    text: str, schema: Place, model: str, *, texts: SingleTexts = _texts, **fields: Unpack[TaskFields]
) -> Answer:
    """What one text gives: `record`, or a `problem`, and the rows of each table.

    The first call loads the model (minutes, where it is large), which then stays for further calls until `close`,
    or until a call that names another one. `texts` puts an engine of your own in the place of vLLM.
    """
    return texts.answer(text, {"schema_": str(schema), "model": model, **fields})


def close() -> None:
    """Frees the model that `extract_one` has loaded."""
    _texts.close()


def read(out: Place) -> Output:
    """The tables of an output folder: `read(out)["entities"]` is an Arrow table, `read(out).sql("…")` asks duckdb."""
    return Output(Path(out))


def evaluate(run: Place, gold: Place, labels: Place | None = None) -> Evaluation:
    """Precision, recall and F1 of a run against gold, from 0 to 1 with 95 % intervals, by type and language; ROUGE.

    `labels` says how far gold goes (default: labels.json beside it).
    """
    return _evaluate(load_run(str(run)), load_gold(str(gold), None if labels is None else str(labels)))


def compare(runs: Sequence[Place], gold: Place | None = None, gpu_hour_price: float | None = None) -> Comparison:
    """Two or more runs side by side, each against the first: quality, agreement, tokens, seconds, and a verdict."""
    known = load_gold(str(gold)) if gold is not None else None
    return _compare([load_run(str(run)) for run in runs], known, gpu_hour_price=gpu_hour_price)


def judged(runs: Sequence[Place], file: Place | None = None) -> Standing:
    """What was judged blind of these runs, each against the first; a difference in points runs from -1 to 1.

    `file` is where `extract judge` keeps judgements (default: judgements.jsonl in the first run).
    """
    return loaded(ToJudge([str(run) for run in runs], None if file is None else str(file))).standing()


def _shows(job: Job) -> list[Show]:
    return [MetricsFile(job.metrics)] if job.metrics else []


def _job(inputs: Place | Sequence[Place], schema: Place, out: Place, fields: JobFields) -> GivenJob:
    named = [inputs] if isinstance(inputs, str | Path) else inputs
    given = {**fields, "inputs": [str(one) for one in named], "schema_": str(schema), "out": out}
    return GivenJob(make_job(given), dict.fromkeys(given, "argument"))
