"""How often the classifier is right on labelled replies: `python score.py replies.jsonl [--wrong]`.

Each line is an object with `text`, `reason` and, where a label is coarse, `also_right`.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from diagnostics.replies import Reason, Reply, classify

RUNS = 10
"""The quickest of so many counts; a blank more in each run keeps the classifier's memory of past replies out of it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--wrong", action="store_true", help="list the replies that were not understood")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.path.read_text("utf-8").splitlines()]
    classify("")  # reads the rules
    replies = [classify(row["text"]) for row in rows]
    seconds = min(seconds_of_one_core([row["text"] + " " * run for row in rows]) for run in range(1, RUNS))
    judged = list(zip(rows, replies, strict=True))
    if options.wrong:
        for row, reply in judged:
            if not accepted(row, reply) or not right_group(row, reply):
                print(f"{row['reason']} but {reply.reason} by {reply.rule}: {row['text'][:160]!r}")
    print(f"replies={len(rows)} accepted={share(accepted, judged)} group={share(right_group, judged)}", end=" ")
    print(f"per_second={len(rows) / seconds:.0f}")


def seconds_of_one_core(texts: list[str]) -> float:
    started = time.process_time()
    for text in texts:
        classify(text)
    return time.process_time() - started


def accepted(row: dict[str, Any], reply: Reply) -> bool:
    return reply.reason in {row["reason"], *row.get("also_right", [])}


def right_group(row: dict[str, Any], reply: Reply) -> bool:
    return reply.group is Reason(row["reason"]).group


def share(is_right: Any, judged: list[tuple[dict[str, Any], Reply]]) -> str:
    return f"{100 * sum(is_right(row, reply) for row, reply in judged) / len(judged):.1f}%"


if __name__ == "__main__":
    main()
