"""A replay: a job that judges the stored answers of another output, and asks no model."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from extractor.answers.read import read
from extractor.engines.replay import ReplayEngine, StoredAnswers
from extractor.errors import UserError
from extractor.fingerprint import digest
from extractor.jobs.job import Job
from extractor.jobs.prepare import Prepared
from extractor.models.families import GENERIC
from extractor.models.resolve import Model
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts, reading
from extractor.tasks.chat import Chat
from extractor.tasks.cutting import Cut, Cutter
from extractor.tasks.prompt import answer_text
from extractor.tasks.schema import Schema
from extractor.tasks.wire import wire_of
from extractor.types import Completion


def as_replay(job: Job) -> Job:
    """The job with what the stored answers were given under; UserError where it cannot be a replay."""
    if job.from_ is None:
        raise UserError("--engine replay needs --from DIR: the output folder whose answers are to be judged again")
    if job.from_.resolve() == job.out.resolve():
        raise UserError(f"--from {job.from_} is --out too: choose another --out")
    old = _manifest(job)
    told = {"attempts": 1, "wire": "plain", "model": old.model}
    told["thinking_budget"] = old.settings.get("thinking_budget")
    return job.model_copy(update=told)


def load_replayed(job: Job) -> tuple[Model, Chat]:
    """Who answered, and a chat without a tokenizer: its prompts are empty, and are not sent."""
    answered = str((_manifest(job).identity or {}).get("model"))
    return Model(job.model, str(job.from_), answered, GENERIC), Chat(_NoTokenizer())


def make_replay(prepared: Prepared) -> ReplayEngine:
    """The engine that answers from the folder of --from."""
    job = prepared.job
    assert job.from_, "as_replay() has seen to it"
    stored = reading(job.from_, lambda parts: StoredAnswers(parts.folder, parts.of("completions")))
    return ReplayEngine(stored, digest(_manifest(job).identity), job.thinking_budget, _as_record(_manifest(job)))


def planned(prepared: Prepared) -> Cutter:
    """Cuts documents where they were cut when the stored answers were given."""
    job = prepared.job
    assert job.from_, "as_replay() has seen to it"
    return prepared.cutter(reading(job.from_, _places))


def _places(parts: Parts) -> dict[str, list[Cut]]:
    """By document's id its passages, and sums of them, in the order asked."""
    found: dict[str, dict[int, Cut]] = defaultdict(dict)
    for _, rows in parts.read("completions", ["doc_id", "passage", "passage_span", "passage_before"]):
        for row in rows.to_pylist() if "passage" in rows.column_names else ():
            if (number := row["passage"]) is not None:
                span = row["passage_span"]
                found[row["doc_id"]][number] = Cut(number, span["start"], span["end"], row["passage_before"] or 0)
    return {doc_id: [places[number] for number in sorted(places)] for doc_id, places in found.items()}


def _as_record(old: Manifest) -> Callable[[Completion], Completion]:
    """Gives the stored answers as the records that they stand for by the schema which they were asked with."""
    body, form = old.content.get("schema"), (old.identity or {}).get("wire", "plain")
    wire = wire_of(Schema("stored", body if isinstance(body, dict) else {}, None, form=form))

    def read_as_record(answer: Completion) -> Completion:
        try:
            record, known = wire.decoded(read(answer.text)[0], answer.value_logprobs)
        except (ValueError, RecursionError):  # the judge says what is wrong with it
            return answer
        return replace(answer, text=answer_text(record), value_logprobs=known)

    return read_as_record if wire.lists else lambda answer: answer


def _manifest(job: Job) -> Manifest:
    assert job.from_, "as_replay() has seen to it"
    found = Manifest.load(job.from_)
    if not found.content:
        raise UserError(f"--from {job.from_} holds no manifest.json: not an output folder of extract run")
    return found


class _NoTokenizer:
    all_special_tokens = ()

    def get_added_vocab(self) -> dict[str, int]:
        return {}

    get_vocab = get_added_vocab

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return []

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return ""

    def apply_chat_template(
        self, messages: list[dict[str, str]], tokenize: bool, add_generation_prompt: bool, enable_thinking: bool
    ) -> str:
        said = "".join(message["content"] for message in messages)
        return said if enable_thinking else f"{said}<think></think>"  # either mode is possible
