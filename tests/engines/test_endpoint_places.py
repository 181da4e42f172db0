"""How many requests a server gets: pure, with a clock of the test's own."""

import pytest

from extractor.engines.endpoint.places import LONGEST, Places


def test_a_server_has_room_for_its_window_less_what_it_holds() -> None:
    places = Places(8)
    places.held = 3
    assert places.room(0.0) == 5


def test_a_full_server_gets_half_as_many_when_it_has_rested_and_more_by_each_answer() -> None:
    places = Places(8)
    places.full(sent=1.0, now=2.0, pause=3.0)
    assert places.room(4.9) == 0 and places.room(5.0) == 4
    for _ in range(4):
        places.answered()
    assert places.room(5.0) == 4
    places.answered()
    assert places.room(5.0) == 5
    for _ in range(200):
        places.answered()
    assert places.room(5.0) == 8


def test_what_was_sent_before_it_was_found_full_halves_nothing_again() -> None:
    places = Places(8)
    for _ in range(8):
        places.full(sent=1.0, now=2.0, pause=None)
    assert places.room(10.0) == 4


def test_a_full_server_that_does_not_say_how_long_is_left_alone_ever_longer() -> None:
    places, rests = Places(8), []
    now = 1.0
    for _ in range(12):
        places.full(sent=now, now=now, pause=None)
        rests.append(places.rests_until - now)
        now = places.rests_until + 1
    assert 0.3 < rests[0] < 0.7 < rests[1] and max(rests) == pytest.approx(LONGEST) == rests[-1]


def test_one_connection_that_is_cut_costs_no_pause_and_a_second_one_does() -> None:
    places = Places(8)
    places.failed(sent=1.0, now=2.0)
    assert not places.is_down and places.room(2.0) == 8
    places.failed(sent=1.5, now=2.1)  # sent before: it died with the first
    assert not places.is_down
    places.failed(sent=2.2, now=2.3)
    assert places.is_down and places.room(2.3) == 0
    assert places.room(5.0) == 1  # one, to see whether it is back
    places.answered()
    assert not places.is_down and places.room(5.0) == 8


def test_an_hour_of_rest_is_cut_short() -> None:
    places = Places(8)
    places.full(sent=1.0, now=2.0, pause=3600.0)
    assert places.room(2.0 + LONGEST) == 4
