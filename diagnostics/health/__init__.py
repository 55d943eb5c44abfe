"""Is it us? The vendor's own side, measured through the network that is handed in: records, lists, hosts, the article.

Nothing here depends on a case. What was not answered is unknown, neither fine nor a problem.
"""

from __future__ import annotations

from diagnostics.health.listings import Lists
from diagnostics.health.look import MOST_SECONDS, measure

__all__ = ["MOST_SECONDS", "Lists", "measure"]
