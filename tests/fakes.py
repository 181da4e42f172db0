"""What stands in for a model where a real one cannot produce the case on demand: a tokenizer and ready answers."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from extractor.engines.base import Engine
from extractor.engines.fake import FakeEngine
from extractor.engines.loop import serve
from extractor.jobs.job import Job, make_job
from extractor.jobs.prepare import Prepared, prepare
from extractor.models.families import GENERIC
from extractor.models.resolve import Model
from extractor.pipeline.scheduler import Lane, Scheduler
from extractor.pipeline.scheduler import settle as settle_in
from extractor.pipeline.session import procedure_of
from extractor.progress.tally import Tally
from extractor.tasks.chat import Chat
from extractor.types import Completion, Document, Request, Sampling, Settlement

LOGPROB = -0.5  # of each token that `answering` gives, where they are asked for


class FakeTokenizer:
    """One token a character; a hybrid template unless told otherwise."""

    all_special_tokens = ("<|im_start|>", "<|im_end|>")

    def __init__(self, kind: str = "hybrid") -> None:
        self.kind = kind

    def get_added_vocab(self) -> dict[str, int]:
        return {"<think>": 0x10FFF0, "</think>": 0x10FFF1}

    def get_vocab(self) -> dict[str, int]:
        return self.get_added_vocab() if self.kind != "never" else {}

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return array("I", text.encode("utf-32-le", "surrogatepass")).tolist()

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        return [chr(token).replace(" ", "▁") for token in ids]

    def decode(self, ids: Iterable[int], skip_special_tokens: bool = False) -> str:
        return "".join(map(chr, ids))

    def apply_chat_template(self, messages: list[dict[str, str]], enable_thinking: bool = True, **asked: Any) -> str:
        said = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
        shut = {"hybrid": "" if enable_thinking else "<think>\n\n</think>\n\n", "always": "<think>\n", "never": ""}
        return f"{said}<|im_start|>assistant\n{shut[self.kind]}"


def fake_model(kind: str = "hybrid") -> Callable[[Job], tuple[Model, Chat]]:
    """A loader for `prepare`: no folder, no download."""
    return lambda job: (Model("fake", "fake", "1", GENERIC, "modelscope"), Chat(FakeTokenizer(kind)))


def fake_prepared(inputs: Path, out: Path, kind: str = "hybrid", **given: Any) -> Prepared:
    """A prepared job on a fake model."""
    words = {"inputs": [str(inputs)], "out": out, "schema": "news", "examples": "none", "context": 100_000} | given
    return prepare(make_job(words), frozenset(words), fake_model(kind))


def answering(
    answer: Callable[[Request], str | Completion], window: int = 8, kind: type[FakeEngine] = FakeEngine
) -> FakeEngine:
    """An engine whose answers are texts or whole completions; a thought is closed at once."""

    def complete(request: Request) -> Completion:
        said = answer(request)
        if isinstance(said, Completion):
            return said
        closed = request.stop[0] if request.is_thought else None
        tokens = [ord(character) for character in said]
        return Completion(
            request, said, tokens, stopped_by=closed, prompt_tokens=len(request.prompt), output_tokens=len(said),
            logprobs=[LOGPROB] * len(tokens) if request.logprobs else (),
        )  # fmt: skip

    return kind(complete, window)


class Silent:
    """A watch that counts and shows nothing."""

    def __init__(self) -> None:
        self.loads = 0
        self.settlements: list[Settlement] = []
        self.warnings: list[str] = []

    def begin(self, tally: Tally) -> None: ...
    def loading(self, model: str) -> None:
        self.loads += 1

    def loaded(self) -> None: ...
    def skipped(self) -> None: ...
    def waiting(self) -> None: ...
    def warn(self, line: str) -> None:
        self.warnings.append(line)

    def settled(self, settlement: Settlement) -> None:
        self.settlements.append(settlement)


def a_request(document: Document, prompt: Sequence[int] = (1,), **given: Any) -> Request:
    """A request about this document, to be changed where a test cares."""
    words: dict[str, Any] = {
        "arm": "a",
        "fingerprint": "f",
        "messages": (),
        "sampling": Sampling(0.0),
        "max_tokens": 10,
    }
    return Request(document, prompt=list(prompt), **(words | given))


def lane_of(prepared: Prepared, documents: Iterable[Document | None] = (), **parts: Any) -> Lane:
    """The lane of this job over these documents."""
    return Lane(procedure_of(prepared), iter(documents), **parts)


def settled(lanes: Lane | Sequence[Lane], engine: Engine) -> Iterator[tuple[int, Settlement]]:
    """Everything that these lanes settle in this engine, as it is settled."""
    scheduler = Scheduler([lanes] if isinstance(lanes, Lane) else lanes)
    for some in settle_in(scheduler, engine):
        yield from some


def engine_alone(engine: Engine, requests: Iterable[Request]) -> Iterator[Completion]:
    """What an engine gives for these requests."""
    source = iter(requests)
    for came in serve(engine, lambda: next(source, None)):
        yield from came
