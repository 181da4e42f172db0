"""Summaries against references by ROUGE, and against each other."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from extractor.errors import UserError, install
from extractor.evaluation.gold import GoldDocument
from extractor.scripts import tokens

ROUGE = ("rouge1", "rouge2", "rougeL")


class MixedTokenizer:
    """For rouge-score: a token is a word, or one character of a script without spaces, also within one text."""

    def tokenize(self, text: str) -> list[str]:
        """Tokens of `text`, NFKC and case folded."""
        return tokens(unicodedata.normalize("NFKC", text).casefold())


def rouge(documents: Sequence[GoldDocument], summaries: Sequence[str | None]) -> dict[str, list[float | None]]:
    """ROUGE F of each document by kind: best over its references, 0 without a summary, None without a reference."""
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        raise UserError(f"scoring summaries needs rouge-score; {install('eval')}") from None
    scorer = RougeScorer(["rouge1", "rouge2"], tokenizer=MixedTokenizer())
    found: dict[str, list[float | None]] = {kind: [] for kind in ROUGE}
    for document, summary in zip(documents, summaries, strict=True):
        wanted = references(document)
        scores = dict.fromkeys(ROUGE, 0.0 if wanted else None)
        if wanted and summary:
            scores |= {kind: float(s.fmeasure) for kind, s in scorer.score_multi(wanted, summary).items()}
            scores["rougeL"] = max(_rouge_l(reference, summary) for reference in wanted)
        for kind in ROUGE:
            found[kind].append(scores[kind])
    return found


def _rouge_l(reference: str, summary: str) -> float:
    """As rouge-score has it, whose table takes seconds for long summaries."""
    one, two = map(MixedTokenizer().tokenize, (reference, summary))
    return 2 * _common(one, two) / max(len(one) + len(two), 1)


def _common(one: Sequence[str], two: Sequence[str]) -> int:
    """Tokens in the longest common subsequence: a row of its table is a number, added and subtracted (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << place
    row = whole = (1 << len(one)) - 1
    for token in two:
        both = row & places.get(token, 0)
        row = (row + both | row - both) & whole
    return len(one) - row.bit_count()


def references(document: GoldDocument) -> list[str]:
    """The reference summaries of a document, each once."""
    return list(dict.fromkeys(s for s in (document.summary, *document.summaries) if s and s.strip()))


def similarity(one: str, two: str) -> float:
    """How alike two summaries are, 0 to 1, whichever comes first: the share of tokens in common runs (difflib)."""
    first, second = sorted(map(MixedTokenizer().tokenize, (one, two)))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
