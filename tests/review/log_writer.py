"""A process that adds decisions to a log, and says of each that it is kept: python log_writer.py FILE NAME COUNT."""

import sys
from pathlib import Path

from extractor.review.decisions import append

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for number in range(count):
    append(path, {"doc_id": f"{name}-{number}", "text": f"{name} 語 " * 2000, "review": {"verdict": "accepted"}})
    print(number, flush=True)
