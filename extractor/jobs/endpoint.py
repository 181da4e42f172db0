"""A job that asks servers: what it needs beside a job for vLLM, and its engine."""

import os
from dataclasses import replace
from pathlib import Path

from extractor.engines.base import Engine
from extractor.engines.endpoint.engine import EndpointEngine, EndpointSettings
from extractor.engines.endpoint.host import Terms
from extractor.engines.endpoint.http import needs_client
from extractor.engines.watchdog import Watchdog
from extractor.errors import UserError
from extractor.jobs.job import Job
from extractor.jobs.prepare import Prepared, load_model
from extractor.models.families import GENERIC
from extractor.models.resolve import Model
from extractor.tasks.chat import Chat
from extractor.tasks.requests import RequestBuilder
from extractor.tasks.template import CLOSE, OPEN
from extractor.types import Completion, Document, Request

NO_MODEL = "none"  # --model, where only the server has one
PATIENCE = 600.0  # seconds without a sign of life
BYTES = 3  # of UTF-8 that count as a token where there is no tokenizer: rather too many tokens than too few
CONTROL = (OPEN, CLOSE, "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>")


def as_endpoint(job: Job) -> Job:
    """The job; UserError where it lacks what an endpoint needs."""
    if not job.url:
        raise UserError("--engine endpoint needs --url: the address of a server, such as http://localhost:8000")
    if job.model == NO_MODEL and (job.server != "openai" or not job.served_model):
        raise UserError("--model none is for servers that take messages: add --server openai and --served-model NAME")
    needs_client()
    key_of(job)
    return job


def load_served(job: Job) -> tuple[Model, Chat]:
    """The model that the servers have, as far as it is here: its tokenizer, or with `--model none` nothing of it.

    Its identity is that of the model here, so that a run may go on at a server, or without one: where servers are and
    how many requests they are given is none of it. A name that a person gives is, for it may be that of other weights;
    so are messages, which are put into a template of the server's own.
    """
    by_chat = job.server == "openai"
    words = [f"served-model={job.served_model}" if job.served_model else "", "wire=chat" if by_chat else ""]
    served = " ".join(filter(None, words))
    if job.model != NO_MODEL:
        model, chat = load_model(job)
        return replace(model, served=served), chat
    return Model(str(job.served_model), os.devnull, "", GENERIC, served=served), Chat(_ByteCounter())


def make_endpoint(prepared: Prepared) -> Engine:
    """The servers of the job, found out about and tried, watched."""
    job, builder = prepared.job, prepared.builder
    terms = Terms(
        kind=job.server,
        model=job.served_model,
        window=job.window,
        patience=job.engine_timeout,
        context=prepared.context,
        seed=job.seed,
        trial=trial_of(builder),
        decode=prepared.chat.decode,
        close=CLOSE,
    )
    settings = EndpointSettings(tuple(dict.fromkeys(job.url)), key_of(job), terms)
    return Watchdog(EndpointEngine(settings), job.engine_timeout)


def message_engine(url: str, model: str | None, key: str | None, trial: Request) -> Engine:
    """A server of any kind that is sent messages, tried with `trial`, watched; its only model where none is named."""
    needs_client()
    terms = Terms("openai", model, None, PATIENCE, 0, 0, trial, lambda ids: "", CLOSE)
    return Watchdog(EndpointEngine(EndpointSettings((url,), key, terms)), PATIENCE)


def key_of(job: Job) -> str | None:
    """The key that the servers want, None where none is named; UserError, which never says what was given."""
    if job.key_env and job.key_file:
        raise UserError("--key-env and --key-file: give one of them")
    if job.key_env:
        return key_in(job.key_env)
    if job.key_file:
        key, cure = _read(job.key_file), f"--key-file {job.key_file}: it cannot be read, or is empty"
        return _checked(key, cure)
    return None


def key_in(variable: str) -> str:
    """The key that a variable of the environment holds; UserError, which never says what was given."""
    cure = "--key-env: no such variable is set; give the name of one, not the key itself"
    return _checked(os.environ.get(variable, ""), cure)


def _checked(key: str, cure: str) -> str:
    if not key.strip() or not key.strip().isprintable() or not key.isascii():
        raise UserError(cure)
    return key.strip()


def _read(file: Path) -> str:
    try:
        return file.expanduser().read_text("utf-8")
    except (OSError, ValueError):
        return ""


def trial_of(builder: RequestBuilder) -> Request:
    """The request of an empty document, past any thought, its tokens as they come of its whole text."""
    chat, document = builder.chat, Document("", "", "")
    asked = builder.build(document, builder.first_mode(document))
    assert isinstance(asked, Request), "the builder has seen to it"
    if asked.is_thought:
        asked = builder.answer_after(Completion(asked, "", stopped_by=asked.stop[0]))
    return replace(asked, prompt=chat.encode(chat.decode(asked.prompt)))


class _ByteCounter:
    """Counts tokens by bytes, for servers that are sent messages."""

    all_special_tokens = ()

    def get_added_vocab(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(CONTROL)}

    get_vocab = get_added_vocab

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return [0] * -(-len(text.encode("utf-8", "surrogatepass")) // BYTES)

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return ""

    def apply_chat_template(
        self, messages: list[dict[str, str]], tokenize: bool, add_generation_prompt: bool, enable_thinking: bool
    ) -> str:
        said = "\n".join(message["content"] for message in messages)
        return said if enable_thinking else f"{said}{OPEN}\n\n{CLOSE}\n\n"  # either mode is possible
