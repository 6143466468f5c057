"""Turns what pydantic found wrong in `darkstar.yaml` into sentences that a person can act on."""

import difflib
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from darkstar.config.secret import Secret
from darkstar.config.sections import SECRET_PLACES, ConfigFile

Place = tuple[str | int, ...]

_MUST_BE: Mapping[str, str] = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "string_too_short": "some text",
    "is_instance_of": "text",
    "tuple_type": "a list",
    "model_type": "a section with keys of its own",
    "model_attributes_type": "a section with keys of its own",
    "literal_error": "{expected}",
}


def sentences(error: ValidationError) -> list[str]:
    """One sentence for each problem, with the place in the file before it."""
    return [_sentence(details) for details in error.errors()]


def _sentence(details: ErrorDetails) -> str:
    place = details["loc"]
    name = ".".join(str(part) for part in place)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "missing":
        return f"{name} is missing."
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind == "value_error":
        separator = ":" if place and not str(context["error"]).startswith(("must", "is ")) else ""
        return f"{name}{separator} {context['error']}".strip().rstrip(".") + "."
    if kind in _MUST_BE:
        return f"{name} must be {_MUST_BE[kind].format(**context)}{_found(place, details['input'])}."
    return f"{name}: {details['msg']}."


def _found(place: Place, value: object) -> str:
    if place in SECRET_PLACES or isinstance(value, Secret):
        return ""
    if value is None:
        return " and is empty"
    if isinstance(value, dict | list):
        return ""
    return f", not {str(value)[:40]!r}" if isinstance(value, str) else f", not {value}"


def _unknown(place: Place) -> str:
    *section, key = (str(part) for part in place)
    name = ".".join((*section, key))
    keys = known_keys(section[0] if section else None)
    near = difflib.get_close_matches(key.casefold(), keys, n=1)
    if near:
        return f"{name}: did you mean {near[0]}?"
    home_of_key = [other for other in known_keys(None) if key in known_keys(other)]
    if home_of_key:
        return f"{name}: this key belongs to {home_of_key[0]}."
    return f"{name} is not known; known are {', '.join(keys)}."


def known_keys(section: str | None) -> list[str]:
    """The keys of a section, or of the whole file."""
    fields = ConfigFile.model_fields
    if section is None:
        return list(fields)
    kinds = [fields[section].annotation] if section in fields else []
    kinds += [part for kind in kinds for part in getattr(kind, "__args__", ())]
    return [
        field.alias or name
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items()
    ]
