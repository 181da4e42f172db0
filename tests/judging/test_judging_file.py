"""Judgements on the disk, the order in which things are shown, and what a page is told: all of it blind."""

import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from judged_runs import is_right, made, made_of_deals

from extractor.errors import UserError
from extractor.judging.desk import Desk
from extractor.judging.file import Voice
from extractor.judging.page import desk_of, page
from extractor.judging.session import JudgedRuns, ToJudge, loaded
from extractor.system.appended import append, lines

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def outs(tmp_path_factory):
    return made(tmp_path_factory.mktemp("judged"), "a", "b", "c")


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "j.jsonl")


def at(outs, file, runs=(0, 1), **more) -> JudgedRuns:
    return loaded(ToJudge([outs[n] for n in runs], file, **more))


def words_of(view) -> str:
    return " ".join([view["kind"], *(word for _, word in view["parts"])])


def judge_all(desk: Desk, most: int = 100) -> list[Any]:
    seen: list[Any] = []
    view: Any = desk.show({"place": None})
    while "table" in view and len(seen) < most:
        seen.append(view)
        view = desk.say({"place": view["place"], "said": "right" if is_right(words_of(view)) else "wrong"})
    return seen


def test_everything_judged_is_told_exactly(outs, file):
    seen = judge_all(desk_of(at(outs, file), "anna", False))
    assert len(seen) == 8
    told = at(outs, file).standing()
    # entities: of 10 that either found 5 are disputed, b is right about each; relations: all 3 are disputed
    assert [(one.table, one.either, one.disputed, round(one.points.value or 0, 3)) for one in told.tables] == [
        ("entities", 10, 5, 0.5),
        ("relations", 3, 3, 1.0),
    ]
    assert told.verdict == (
        "After 8 judgements, of all that is disputed, b is better than a in entities by 50.0 points and relations by"
        " 100.0 points; 8 by anna, a person."
    )
    assert told.enough


def test_a_judge_goes_on_where_he_stopped_in_the_same_order(outs, file, tmp_path):
    first = judge_all(desk_of(at(outs, file), "anna", False), 3)
    rest = judge_all(desk_of(at(outs, file), "anna", False))
    whole = judge_all(desk_of(at(outs, str(tmp_path / "other.jsonl")), "ben", False))
    assert [v["parts"] for v in (*first, *rest)] == [v["parts"] for v in whole]


def test_undo_takes_the_last_word_back_and_shows_it_again(outs, file):
    desk = desk_of(at(outs, file), "anna", False)
    seen = judge_all(desk, 3)
    again = desk.undo({})
    assert (again["parts"], again["said"], again["judged"]) == (seen[2]["parts"], None, 2)
    assert [line["said"] for line in lines(at(outs, file).held.file)[1:]][-1] is None
    assert desk_of(at(outs, file), "anna", False).show({"place": None})["parts"] == seen[2]["parts"]
    with pytest.raises(UserError, match="nothing is judged yet"):
        desk_of(at(outs, file), "ben", False).undo({})


def test_a_second_judge_is_shown_the_same_unless_only_what_is_new(outs, file):
    seen = judge_all(desk_of(at(outs, file), "anna", False), 3)
    assert judge_all(desk_of(at(outs, file), "ben", False), 1)[0]["parts"] == seen[0]["parts"]
    rest = judge_all(desk_of(at(outs, file), "cleo", True))
    assert not {str(v["parts"] + (v["kind"],)) for v in rest} & {str(v["parts"] + (v["kind"],)) for v in seen}
    assert len(rest) == 5


def test_nothing_that_a_page_gets_tells_whose_it_is(outs, file):
    judged = at(outs, file)
    desk = desk_of(judged, "anna", False)
    said = [page(judged), json.dumps(desk.stand({}))]
    for view in judge_all(desk):
        said += [json.dumps(view, ensure_ascii=False), json.dumps(desk.text({"place": view["place"]}))]
    assert not [text for text in said[1:] if "arm" in text]
    names = {*outs, *judged.held.about.ids, str(judged.held.file)}
    assert not [name for name in names for text in said if name in text]
    assert {frozenset(json.loads(text)) for text in said[2::2]} == {
        frozenset({"place", "judged", "table", "kind", "parts", "pieces", "said"})
    }


def test_things_come_in_an_order_that_does_not_tell_either(outs, file):
    firsts = Counter[int]()
    for seed in range(40):
        judged = at(outs, None, seed=seed)
        number = next(desk_of(judged, "anna", False)._coming)[0]
        firsts.update(judged.held.pool.items[number].arms)
    assert 5 < firsts[0] < 35


def test_marks_are_where_the_words_stand_in_any_script(outs, file):
    views = judge_all(desk_of(at(outs, file), "anna", False))
    (leads,) = [v for v in views if v["kind"] == "leads"]
    (piece,) = leads["pieces"]
    shown = [piece["text"][start:end] for start, end, _, first in piece["marks"] if first]
    assert shown == ["温以宁", "𠮷祥书店"]
    (rain,) = [v for v in views if v["parts"][0][1] == "Rain"]
    assert rain["pieces"][0]["text"].startswith("<b>Mallory</b>")


def test_rows_of_further_tables_are_judged_too(tmp_path):
    judged = loaded(ToJudge(made_of_deals(tmp_path), str(tmp_path / "j.jsonl")))
    views = judge_all(desk_of(judged, "anna", False))
    assert sorted((v["kind"], *v["parts"]) for v in views) == [
        ("acquisition", ("name", "had bought")),
        ("contract", ("name", "had bought")),
        ("departure", ("name", "leaves")),
    ]
    assert {v["pieces"][0]["text"][slice(*v["pieces"][0]["marks"][0][:2])] for v in views} == {"had bought", "leaves"}
    assert [(one.table, one.either, one.disputed) for one in judged.standing().tables] == [("events", 3, 3)]


def test_what_another_judge_wrote_meanwhile_counts_at_the_end(outs, file):
    mine, other = at(outs, file), at(outs, file)
    judge_all(desk_of(other, "ben", False), 2)
    judge_all(desk_of(mine, "anna", False), 3)
    assert mine.standing().people == {"ben": 2, "anna": 3}


def test_what_the_table_does_not_name_is_not_shown(outs, file):
    seen = judge_all(desk_of(at(outs, file, tables=("relations",)), "anna", False))
    assert {v["table"] for v in seen} == {"relations"} and len(seen) == 3
    assert [one.table for one in at(outs, file).standing().tables] == ["relations"]


@pytest.mark.parametrize(
    ("runs", "more", "line"),
    [
        ((0, 2), {}, "holds judgements of other runs"),
        ((0,), {}, "two or more output folders"),
        ((0, 0), {}, "is there twice"),
        ((0, 1), {"tables": ("entities",)}, "--table: .* was begun with all; leave it out, or choose another --file"),
        ((0, 1), {"seed": 3}, "--seed: "),
        ((0, 1), {"tables": ("entity",)}, "--table entity: one of .*did you mean 'entities'"),
    ],
)
def test_what_does_not_fit_is_one_line(outs, file, runs, more, line):
    judge_all(desk_of(at(outs, file), "anna", False), 1)
    with pytest.raises(UserError, match=line):
        at(outs, file, runs, **more)


def test_runs_may_be_given_in_another_order(outs, file):
    judge_all(desk_of(at(outs, file), "anna", False))
    points = [
        {one.table: one.points.value for one in at(outs, file, runs).standing().tables} for runs in ((0, 1), (1, 0))
    ]
    assert points[0] == {table: -(value or 0) for table, value in points[1].items()}


def test_three_runs_are_two_comparisons_from_the_same_judgements(outs, file):
    judge_all(desk_of(at(outs, file, (0, 1, 2)), "anna", False))
    told = at(outs, file, (0, 1, 2)).standing()
    assert [(one.arm, one.table, one.state) for one in told.tables] == [
        ("b", "entities", "better"),
        ("b", "relations", "better"),
        ("c", "entities", "worse"),
        ("c", "relations", "better"),
    ]


@pytest.mark.parametrize("held", ['{"doc_id": "d1"}\n', '{"judgements": 1}\n', "\x00\x01 no JSON at all\n"])
def test_a_file_of_something_else_is_refused(outs, tmp_path, held):
    (tmp_path / "gold.jsonl").write_text(held)
    with pytest.raises(UserError, match="not a file of judgements"):
        at(outs, str(tmp_path / "gold.jsonl"))


def test_a_line_cut_short_is_passed_over_and_does_not_spoil_the_next(tmp_path):
    file = tmp_path / "x.jsonl"
    append(file, {"n": 1})
    with file.open("ab") as torn:
        torn.write(b'{"n": 2, "said": "ri')
    append(file, {"n": 3, "name": "𠮷\ud800"})
    assert [line["n"] for line in lines(file)] == [1, 3]


def test_a_full_disk_is_told_and_what_was_cut_is_passed_over(tmp_path):
    file = tmp_path / "x.jsonl"
    append(file, {"n": 1})
    full = f"""
import resource, signal, sys
from pathlib import Path
from extractor.system.appended import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
append(Path({str(file)!r}), {{"n": 2, "pad": "x" * 99}})
"""
    done = subprocess.run([sys.executable, "-c", full], capture_output=True, text=True, cwd=ROOT)
    assert "OSError: [Errno 27] File too large" in done.stderr
    append(file, {"n": 3})
    assert [line["n"] for line in lines(file)] == [1, 3]


def test_lines_of_several_writers_stay_whole(tmp_path):
    file = tmp_path / "x.jsonl"

    def write(number):
        for _ in range(10):
            append(file, {"w": number, "pad": "x" * 9000})

    many = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert Counter(line["w"] for line in lines(file)) == dict.fromkeys(range(4), 10)


def test_a_judgement_of_what_no_longer_differs_is_counted_and_no_more(outs, file):
    judged = at(outs, file)
    judge_all(desk_of(judged, "anna", False), 2)
    append(judged.held.file, {**lines(judged.held.file)[1], "item": ["nobody", "person"]})
    told = at(outs, file).standing()
    assert told.notes == ("1 judgements are of things on which the runs do not differ now",)
    assert sum(told.people.values()) == 2


def test_two_judges_are_told_how_far_they_agree(outs, file):
    judged = at(outs, file)
    for number in range(6):
        judged.held.add(number, "right", Voice("anna"), 0)
        judged.held.add(number, "right" if number else "wrong", Voice("ben"), 0)
    (found,) = at(outs, file).standing().agreements
    assert (found.one, found.two, found.items, round(found.same, 3)) == ("anna", "ben", 6, 0.833)
