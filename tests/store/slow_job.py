"""A whole run in a process of its own that takes its time and ends with its code: slow_job.py INPUT OUT SECONDS."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from fakes import Silent, answering, fake_prepared
from shop import GOOD

from extractor.exits import verdict
from extractor.pipeline.session import run
from extractor.types import Request

inputs, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])


def answer(request: Request) -> str:
    time.sleep(seconds)
    return GOOD


try:
    run(fake_prepared(inputs, out, part_documents=20), lambda _: answering(answer, 4), Silent(), bool)
except Exception as error:
    line, code = verdict(error)
    print(line, file=sys.stderr)
    sys.exit(code)
