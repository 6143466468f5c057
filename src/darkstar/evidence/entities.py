"""Entities by their names: what is wrong with one that is not there."""

import difflib
from collections.abc import Iterable

NOT_KNOWN = frozenset({"unavailable", "unknown"})
"""States of an entity that has none."""


def not_there(entity_id: str, entities: Iterable[str]) -> str:
    """Says that an entity does not exist, and which of those that do is meant perhaps."""
    near = difflib.get_close_matches(entity_id, entities, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{entity_id} does not exist in Home Assistant{hint}."
