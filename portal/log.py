"""What the log must not learn: the links that open cases carry their key in the path, and addresses name people.

Nothing of ours logs either. This is the second net, for what libraries and tracebacks say.
"""

from __future__ import annotations

import logging
import re

KEY_IN_PATH = re.compile(
    r"((?<![\w.-])(?:c|it|l|stop|embed|set-password/[/\s]*[^/\s'\"<>,]+)/)[/\s]*[^/\s'\"<>,]+", re.IGNORECASE
)
"""The part of a path behind `/c/`, `/it/`, `/l/`, `/stop/`, `/embed/` or `/set-password/<account>/`."""
KEY = re.compile(r"\b(wmc_(?:live|test)_|whsec_)[A-Za-z0-9_+/=-]+")
"""An API key, or a webhook's secret."""


ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:=@/\\]+(@|%40)((?:[\w-]+\.)+[\w-]+)", re.IGNORECASE)
"""An e-mail address in a text or in a link; its domain may be read."""


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


def without_keys(text: str) -> str:
    return ADDRESS.sub(r"…\1\2", KEY.sub(r"\1…", KEY_IN_PATH.sub(r"\1…", text)))


def _hidden(value: object) -> object:
    """Numbers stay numbers for the sake of `%d`; anything else becomes a text only where a key is in it."""
    text = str(value)
    hidden = without_keys(text)
    return value if hidden == text else hidden
