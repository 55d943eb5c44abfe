"""The log: how its lines look, what they are about, and what they must not say.

The links that open cases carry their key in the path, and addresses name people. Nothing of ours logs either; what
hides them here is the second net, for what libraries and tracebacks say.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from diagnostics.log_context import NAMES, about

KEY_IN_PATH = re.compile(
    r"((?<![\w.-])(?:c|it|l|stop|embed|set-password/[/\s]*[^/\s'\"<>,]+)/)[/\s]*[^/\s'\"<>,]+", re.IGNORECASE
)
"""The part of a path behind `/c/`, `/it/`, `/l/`, `/stop/`, `/embed/` or `/set-password/<account>/`."""
KEY = re.compile(r"\b(wmc_(?:live|test)_|whsec_)[A-Za-z0-9_+/=-]+")
"""An API key, or a webhook's secret."""

DOMAIN = re.compile(r"(?:@|%40)(?:[\w-]+\.)+[\w-]+", re.IGNORECASE)
"""The part of an e-mail address, in a text or in a link, that may be read."""
LOCAL_PART = re.compile(r"[^\s<>()\[\]\"',;:=@/\\]+")
"""The part before it."""

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_BREAKS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|\n(?!  )"
)
"""Controls that begin a line, move a cursor or turn the direction of writing. Not the line ends of a traceback, which
are followed by blanks here.
"""


class HideKeys(logging.Filter):
    """Lets every record pass, with `…` in place of the keys and of what stands before the @ of addresses, in its
    message, its arguments and its traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_keys(str(record.msg))
        if isinstance(record.args, dict):
            record.args = {name: _hidden(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(map(_hidden, record.args))
        if record.exc_info and not record.exc_text:
            # A formatter takes this text where it finds one.
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = without_keys(record.exc_text) if record.exc_text else record.exc_text
        return True


class Line(logging.Formatter):
    """A line for people. Whatever is logged, only our own line ends begin a line; a traceback's are indented."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        said = _visible(self.formatMessage(record).replace("\n", "\\n"))
        said += "".join(f" {name}={value}" for name, value in _about(record).items())
        text = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        if text:
            said += _visible(f"\n{text}".replace("\n", "\n    "))
        return said


class Json(JsonFormatter):
    """An object a line: time (UTC), level, logger, process, message, exception, and what it is about.

    Fields that a library adds to its records are left out: nobody knows what is in them. Everything beyond ASCII is
    escaped, control characters as well.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(["message"], json_ensure_ascii=True)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"time": moment, "level": record.levelname, "logger": record.name, "process": record.process}
        log_data["message"] = without_keys(record.message or str(record.msg))
        log_data |= {name: value for name, value in _about(record).items() if name in NAMES}
        if isinstance(more := getattr(record, "request_line", None), dict):
            log_data |= more
        for name in ("exc_info", "stack_info"):
            if text := message_dict.get(name):
                log_data["exception" if name == "exc_info" else "stack"] = without_keys(str(text))


def chosen(format: str = FORMAT) -> logging.Formatter:  # noqa: A002 - logging's own name for it
    """The formatter that LOG_FORMAT names; also where there are no settings, as in the web server's first process."""
    return Json() if os.environ.get("LOG_FORMAT") == "json" else Line(format)


def take_all() -> None:
    """Warnings, and faults that end the process or a thread of it, are lines of the log as well."""
    logging.captureWarnings(True)
    fatal = logging.getLogger("portal.uncaught")

    def ended(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, fault, trace)
        else:
            fatal.critical("this process ends: %s", kind.__name__, exc_info=(kind, fault, trace))

    def thread_ended(what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None and not issubclass(what.exc_type, SystemExit):
            fault = (what.exc_type, what.exc_value, what.exc_traceback)
            fatal.error("a thread ended: %s", what.exc_type.__name__, exc_info=fault)

    sys.excepthook = ended
    threading.excepthook = thread_ended


def without_keys(text: str) -> str:
    return _without_local_parts(KEY.sub(r"\1…", KEY_IN_PATH.sub(r"\1…", text)))


def _without_local_parts(text: str) -> str:
    """From each @ backwards: a pattern that begins with the local part tries every sign of a long path as its first,
    and anybody may ask for a long path.
    """
    kept, end = [], 0
    for found in DOMAIN.finditer(text):
        before = text[end : found.start()]
        local = LOCAL_PART.match(before[::-1])
        kept += [before[: len(before) - local.end()], "…"] if local else [before]
        kept.append(found[0])
        end = found.end()
    return "".join((*kept, text[end:]))


def _hidden(value: object) -> object:
    """Numbers stay numbers for the sake of `%d`; anything else becomes a text only where a key is in it."""
    text = str(value)
    hidden = without_keys(text)
    return value if hidden == text else hidden


def _about(record: logging.LogRecord) -> Mapping[str, str | int]:
    """What the work at hand is about. Django speaks of an answer after all middleware, and brings the request along."""
    return about() or getattr(getattr(record, "request", None), "said_about", {})


def _visible(text: str) -> str:
    return _BREAKS.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)
