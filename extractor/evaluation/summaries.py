"""Summaries against references by ROUGE, and against each other."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from extractor.errors import UserError
from extractor.evaluation.gold import GoldDocument

ROUGE = ("rouge1", "rouge2", "rougeL")

# scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han (with its extensions)
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


class MixedTokenizer:
    """For rouge-score: a token is a word, or one character of a script without spaces, also within one text."""

    def tokenize(self, text: str) -> list[str]:
        """Tokens of `text`, NFKC and case folded."""
        return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def rouge(documents: Sequence[GoldDocument], summaries: Sequence[str | None]) -> dict[str, list[float | None]]:
    """ROUGE F of each document by kind: best over its references, 0 without a summary, None without a reference."""
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        raise UserError("scoring summaries needs rouge-score: pip install 'extractor[eval]'") from None
    scorer = RougeScorer(list(ROUGE), tokenizer=MixedTokenizer())
    found: dict[str, list[float | None]] = {kind: [] for kind in ROUGE}
    for document, summary in zip(documents, summaries, strict=True):
        wanted = references(document)
        scores = scorer.score_multi(wanted, summary) if wanted and summary else None
        for kind in ROUGE:
            found[kind].append(float(scores[kind].fmeasure) if scores else 0.0 if wanted else None)
    return found


def references(document: GoldDocument) -> list[str]:
    """The reference summaries of a document, each once."""
    return list(dict.fromkeys(s for s in (document.summary, *document.summaries) if s and s.strip()))


def similarity(one: str, two: str) -> float:
    """How alike two summaries are, 0 to 1, whichever comes first: the share of tokens in common runs (difflib)."""
    first, second = sorted(map(MixedTokenizer().tokenize, (one, two)))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
