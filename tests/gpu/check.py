"""One check of a machine with a card, without a network: python tests/gpu/check.py --wheels DIR --tokenizer DIR

It installs from a folder of wheels into an environment of its own, and tries there: the contract of the engine, every
signal of "Nothing lost", Qwen3-8B's configuration with dummy weights and 1,000 documents in flight (of 200 and of 4,000
tokens), how busy the card is meanwhile, and documents/s against raw vLLM. It prints one table, a row for each check:
passed or not, the figure, and why not; exit code 1 where one did not pass. What was said in each lies in --out.

The wheels come from a machine with a network, the same Python and the same platform, in a clone of this repository:

    pip wheel --wheel-dir wheels '.[gpu,dev]'

The tokenizer is a folder with `tokenizer.json` and `tokenizer_config.json` (and `chat_template.jinja`, where there is
one) of Qwen/Qwen3-8B, from huggingface.co or modelscope.cn; the configuration is in `dummy.py`, and weights none needs.

--dry tries everything but the card: the tiny model of the tests, its tokenizer, a handful of documents, one signal;
what needs a card is skipped, and said to be. So far this is all that has been run: no card was at hand.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from checks import Row, Setting, against_raw, card, contract, in_flight, signals
from wheelhouse import install

Check = Callable[[Setting], Iterator[Row]]
CHECKS: dict[str, Check] = {
    "card": card,
    "contract": contract,
    "signals": signals,
    "flight": in_flight,
    "raw": against_raw,
}


def asked(words: list[str]) -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="the folder of wheels; without: what is installed here is tried")
    parser.add_argument("--tokenizer", type=Path, help="the folder with Qwen3-8B's tokenizer")
    parser.add_argument("--out", type=Path, help="a folder for logs and outputs (default: a new one)")
    parser.add_argument("--only", default=",".join(CHECKS), help="some of %(default)s, with commas between")
    parser.add_argument("--dry", action="store_true", help="without a card: everything else, on the tiny model")
    parser.add_argument("--installed", help=argparse.SUPPRESS)  # said by this script to itself in the new environment
    given = parser.parse_args(words)
    if unknown := [word for word in given.only.split(",") if word not in CHECKS]:
        parser.error(f"--only {unknown[0]}: no such check (one of {', '.join(CHECKS)})")
    if not given.dry and not given.tokenizer:
        parser.error("--tokenizer is missing: a folder with the tokenizer of Qwen/Qwen3-8B (or --dry, without a card)")
    given.out = (given.out or Path(tempfile.mkdtemp(prefix="gpu-check-"))).resolve()
    given.out.mkdir(parents=True, exist_ok=True)
    return given


def rows(given: argparse.Namespace) -> Iterator[Row]:
    """The table, a row as soon as its check is over; one that fails to run is a row too."""
    yield Row("install from wheels", bool(given.installed) or None, given.installed or "", "no --wheels given")
    setting = Setting(given.out, given.tokenizer, given.dry)
    for name in given.only.split(","):
        try:
            yield from CHECKS[name](setting)
        except Exception as error:
            yield Row(name, False, "", f"{type(error).__name__}: {error}")


def main(words: list[str]) -> int:
    """Prints the table; 1 where a check did not pass."""
    given = asked(words)
    if given.wheels and not given.installed:
        python, said = install(given.wheels, given.out, given.dry)
        if python is None:
            print(Row("install from wheels", False, "", said))
            return 1
        again = [str(Path(__file__).resolve()), *words, "--out", str(given.out), "--installed", said]
        os.execve(python, [str(python), *again], {k: v for k, v in os.environ.items() if k != "PYTHONPATH"})
    print(f"what each check said: {given.out}\n\n| check | passed | figure | why not |\n|---|---|---|---|", flush=True)
    bad = 0
    for row in rows(given):
        bad += row.passed is False
        print(row, flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
