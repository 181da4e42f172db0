"""How long a run may take, as a person writes it."""

import pytest

from extractor.jobs.job import seconds


@pytest.mark.parametrize(
    ("text", "wanted"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), ("0.5h", 1800)]
)
def test_times(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "2", "h", "2w", "-2h", "2h later", "0s", "2 h", "1e3s"])
def test_no_times(text: str) -> None:
    with pytest.raises(ValueError, match="write it as a number with its unit"):
        seconds(text)
