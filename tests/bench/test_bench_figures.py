"""What is made of the times and counts of a measurement, by exact value."""

from typing import Any

import pytest

from extractor.bench.bench import Benched, turned
from extractor.bench.measured import ARMS, Arm, ArmEnd, Counted, Measured, measured
from extractor.bench.page import bench_page
from extractor.bench.table import tables
from extractor.bench.timeline import Occupancy, occupancy
from extractor.bench.verdict import verdict
from extractor.types import Completion


@pytest.mark.parametrize(
    ("stays", "still", "seconds", "wanted"),
    [
        ([(0, 4), (0, 4)], [], 4, Occupancy(0, 0, 0)),  # full to the end
        ([(0, 4), (0, 2)], [], 4, Occupancy(0, 2, 1)),  # half of it empty for two seconds
        ([(1, 4), (1, 4)], [], 4, Occupancy(1, 0, 0)),  # nothing came in the first second
        ([(0, 1), (0, 3), (2, 4)], [], 4, Occupancy(1, 1, 0.5)),  # a seat was empty from 1 to 2
        ([(0, 2), (0, 2)], [], 4, Occupancy(0, 2, 2)),  # two seconds in which nothing was under way any more
        ([(0, 4), (0, 4), (0, 3)], [], 4, Occupancy(0, 0, 0)),  # one that waits for a seat
        ([(0, 4)], [], 4, Occupancy(0, 4, 2)),  # never full: all of it is tail
        ([(0, 4), (0, 4)], [(1, 2)], 4, Occupancy(1, 0, 0)),  # full, and nobody stepped it
        ([(1, 4), (1, 4)], [(0, 2)], 4, Occupancy(2, 0, 0)),  # each second counts once
        ([(0, 4), (0, 2)], [(3, 3.5)], 4, Occupancy(0.5, 2, 1)),  # in the tail too it may stand still
        ([(-1, 9), (0, 4)], [], 4, Occupancy(0, 0, 0)),  # clocks that do not quite agree
        ([], [], 4, Occupancy(0, 4, 4)),
    ],
)
def test_room_and_tail(stays, still, seconds, wanted):
    assert occupancy(stays, still, 2, seconds) == wanted


def one(arm: Arm, number: int, documents_per_second: float, tokens: int = 100, **given: Any) -> Measured:
    """A measurement of ten documents."""
    seconds = 10 / documents_per_second
    words: dict[str, Any] = {
        "prefix_cache_hits": 0.5,
        "idle": 0.01,
        "tail_seconds": 1.0,
        "tail_cost": 0.02,
        "peak_memory": 2**20,
    }
    return Measured(
        arm=arm, round=number, documents=10, quarantined=0, requests=10, prompt_tokens=1000, output_tokens=tokens,
        seconds=seconds, processor_seconds=seconds,
        documents_per_second=documents_per_second, prompt_tokens_per_second=1000 / seconds,
        output_tokens_per_second=tokens / seconds, **{**words, **given},
    )  # fmt: skip


ROUNDS = [
    *(one("raw", 1, 10), one("run", 1, 9), one("chat", 1, 5)),
    *(one("run", 2, 8), one("chat", 2, 4), one("raw", 2, 10)),
    *(one("chat", 3, 8), one("raw", 3, 10), one("run", 3, 10)),
]


def test_ratios_are_made_round_by_round():
    found = {(r.of, r.to, r.by): (r.median, r.least, r.most) for r in verdict(ROUNDS, 2, 256).ratios}
    assert found["run", "raw", "documents"] == (0.9, 0.8, 1.0)
    assert found["chat", "raw", "documents"] == (0.5, 0.4, 0.8)
    assert found["run", "chat", "documents"] == (1.8, 1.25, 2.0)
    assert found["run", "raw", "output tokens"] == pytest.approx((0.9, 0.8, 1.0))
    assert len(found) == 6


def test_the_sentence():
    said = verdict(ROUNDS, 2, 256)
    assert said.sentence == (
        "extract run does 90% of what this machine can do (80% to 100% in 3 rounds); the tail costs 2%, and 1% of the"
        " time the engine had room and nothing to do. LLM.chat in blocks of 256 does 50%."
    )
    assert said.by == "documents" and said.notes == []
    assert "rounds" not in verdict(ROUNDS[:3], 2, 256).sentence


def test_a_run_that_passes_raw_batches_is_not_said_to_pass_the_machine():
    faster = [one("raw", 1, 10), one("run", 1, 12), one("chat", 1, 5)]
    said = verdict(faster, 2, 256).sentence
    assert said.startswith("extract run does 120% of what raw vLLM does here in batches; the tail costs 2%")


def test_where_the_arms_wrote_different_amounts_tokens_decide():
    said = verdict([one("raw", 1, 10, 100), one("run", 1, 10, 80), one("chat", 1, 5, 100)], 2, 256)
    assert said.by == "output tokens" and said.sentence.startswith("extract run does 80% of")
    assert said.notes == [
        "the arms wrote different numbers of tokens (raw 100, run 80, chat 100), so the sentence goes by tokens a"
        " second"
    ]


def test_prompts_that_differ_and_too_few_documents_are_noted():
    other = [one(arm, 1, 10) for arm in ARMS[:2]] + [
        Measured(**{**{name: getattr(one("chat", 1, 10), name) for name in Measured.__slots__}, "prompt_tokens": 1200})
    ]
    few, differ = sorted(verdict(other, 6, 256).notes)[1], sorted(verdict(other, 6, 256).notes)[0]
    assert differ == "the arms read different numbers of tokens (raw 1,000, run 1,000, chat 1,200)"
    assert few.startswith("the engine has 6 seats, and 10 documents hardly fill them") and "--documents 24" in few


def test_the_figures_of_one_arm():
    counted = Counted()
    for begin, end in ((0.0, 4.0), (1.0, 5.0)):
        counted.add(Completion(None, "", prompt_tokens=50, cached_tokens=20, output_tokens=5), begin, end)  # type: ignore[arg-type]
    found = measured("run", 2, ArmEnd(5.0, 9.0, 2, 1), counted, 2, None)
    assert (found.documents, found.quarantined, found.requests) == (2, 1, 2)
    assert (found.seconds, found.processor_seconds) == (5.0, 9.0)
    assert (found.prompt_tokens, found.output_tokens, found.prefix_cache_hits) == (100, 10, 0.4)
    rates = (found.documents_per_second, found.prompt_tokens_per_second, found.output_tokens_per_second)
    assert rates == (0.4, 20.0, 2.0)
    assert (found.idle, found.tail_seconds, found.tail_cost) == (0.2, 1.0, 0.1)


def benched(rounds: list[Measured]) -> Benched:
    """What a bench of these rounds gives back."""
    count = len({one.round for one in rounds})
    return Benched("a model", "think", 10, count, 2, False, 256, rounds, verdict(rounds, 2, 256))


def test_the_tables():
    figures, ratios = tables(benched(ROUNDS))
    rows = {name: values for name, *values in figures}
    assert rows["10 documents, median of 3 rounds"] == [*ARMS]
    assert rows["documents/s"] == ["10.00", "9.00", "5.00"]
    assert rows["peak memory, MiB"] == ["1", "1", "1"] and rows["tail costs"] == ["2.0%"] * 3
    assert ratios[:2] == [
        ["ratio", "by", "median", "least", "most"],
        ["run / raw", "documents/s", "0.900", "0.800", "1.000"],
    ]
    unknown = [one("raw", 1, 9), one("run", 1, 9, peak_memory=None), one("chat", 1, 9)]
    assert tables(benched(unknown))[0][-1] == ["peak memory, MiB", "1", "unknown", "1"]


def test_the_page_has_the_sentence_the_plots_and_every_figure():
    found = benched(ROUNDS)
    page = bench_page(found)
    assert f"<h1>{found.verdict.sentence}</h1>" in page
    assert page.count("<svg") == 2 and page.count("<table") == 2
    for rows in tables(found):
        assert all(f">{cell}<" in page for row in rows for cell in row)


def test_each_arm_is_first_in_turn():
    assert [turned(ARMS, number)[0] for number in (1, 2, 3, 4)] == ["raw", "run", "chat", "raw"]
    assert all(sorted(turned(ARMS, number)) == sorted(ARMS) for number in (1, 2, 3))
