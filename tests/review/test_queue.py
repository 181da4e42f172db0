"""Which documents come first, and which are drawn."""

import pyarrow as pa
import pytest
from review_pages import a_run

from extractor.evaluation.runs import load_run
from extractor.review import order

TEXT = "Ada met Bob in number {}."


def answer(*names):
    return {"entities": [{"name": n, "type": "person"} for n in names], "relations": [], "summary": "s"}


ANSWERS = {
    "plain": answer("Ada", "Bob"),
    "none": None,
    "strange": answer("Ada", "Mallory"),
    "stranger": answer("Nobody", "Mallory"),
    "apart": answer("Ada"),
    "also plain": answer("Ada", "Bob"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("order")
    documents = {i: (TEXT.format(n), said) for n, (i, said) in enumerate(ANSWERS.items())}
    others = documents | {"apart": (documents["apart"][0], answer("Bob"))}
    return [load_run(str(a_run(folder / name, said))) for name, said in (("one", documents), ("two", others))]


def queue(run, other, sample):
    return order.queue(run, other, sample, list(run.rows))


def ids(queued):
    return [one.doc_id for one in queued]


def test_what_teaches_most_comes_first(runs):
    queued = queue(runs[0], None, 0)
    assert ids(queued) == ["none", "stranger", "strange", "plain", "apart", "also plain"]
    assert [one.why for one in queued[:4]] == [("quarantined",), ("ungrounded",), ("ungrounded",), ()]
    assert {one.drawn for one in queued} == {"first"}


def test_another_run_brings_what_both_differ_on_forward(runs):
    queued = queue(runs[0], runs[1], 0)
    assert ids(queued) == ["none", "apart", "stranger", "strange", "plain", "also plain"]
    assert queued[1].why == ("arms disagree",)


def test_a_sample_comes_first_is_the_same_each_time_and_grows(runs):
    two, three = queue(runs[0], None, 2), queue(runs[0], None, 3)
    assert [one.drawn for one in three] == ["sample"] * 3 + ["first"] * 3
    assert ids(three)[:2] == ids(two)[:2] and sorted(ids(three)) == sorted(ANSWERS)
    assert ids(queue(runs[0], None, 99)) == ids(three)[:3] + ids(queue(runs[0], None, 99))[3:]
    assert len(queue(runs[0], None, 99)) == len(ANSWERS)


def test_the_least_sure_come_before_the_sure(runs):
    from dataclasses import replace

    run = runs[0]
    sure = {"plain": 0.9, "apart": 0.3, "also plain": 0.6}
    entities = {
        i: [replace(e, confidence=sure.get(i)) for e in found if e.match != "none"] for i, found in run.entities.items()
    }
    assert ids(queue(replace(run, entities=entities), None, 0))[:3] == ["none", "apart", "also plain"]


def test_a_sample_is_drawn_evenly(runs):
    from dataclasses import replace

    many = [f"d{n}" for n in range(2000)]
    table = pa.table({"doc_id": many, "status": ["ok"] * 2000})
    run = replace(runs[0], documents=table, rows={i: n for n, i in enumerate(many)}, entities={}, relations={})
    drawn = {int(one.doc_id[1:]) for one in queue(run, None, 400)[:400]}
    assert all(60 < sum(n // 500 == quarter for n in drawn) < 140 for quarter in range(4))
