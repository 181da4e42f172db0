"""The guide: pages of Markdown beside this file, by topic."""

from pathlib import Path

from extractor.errors import UserError, did_you_mean

TOPICS = (
    "schemas",
    "thinking",
    "long",
    "quality",
    "review",
    "engines",
    "fast",
    "nights",
    "python",
    "agents",
    "reference",
    "vllm",
    "architecture",
    "changing",
    "changes",
)
_FOLDER = Path(__file__).parent


def page(topic: str) -> str:
    """The page on a topic, as Markdown; UserError with the nearest topic for one that there is not."""
    if topic not in TOPICS:
        raise UserError(f"{topic}: no such topic (one of {', '.join(TOPICS)}){did_you_mean(topic, TOPICS)}")
    return (_FOLDER / f"{topic}.md").read_text("utf-8")


def about(topic: str) -> str:
    """What a topic is about: the first paragraph of its page, in one line."""
    return " ".join(page(topic).split("\n\n")[1].split())
