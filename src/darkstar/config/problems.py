"""Turns what pydantic found wrong in `darkstar.yaml` into sentences that a person can act on."""

import difflib
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from darkstar.config.document import Value
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


def sentences(error: ValidationError, document: Value) -> list[str]:
    """One sentence for each problem, with the place in the file (`document`) before it."""
    return [_sentence(details, document) for details in error.errors()]


def _sentence(details: ErrorDetails, document: Value) -> str:
    place = details["loc"]
    written = _as_written(place, document)
    name = ".".join(written)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "missing":
        return f"{name} is missing."
    if kind == "extra_forbidden":
        return _unknown(written, place)
    if kind == "value_error":
        separator = ":" if place and not str(context["error"]).startswith(("must", "is ")) else ""
        return f"{name}{separator} {context['error']}".strip().rstrip(".") + "."
    if kind in _MUST_BE:
        return f"{name} must be {_MUST_BE[kind].format(**context)}{_found(place, details['input'])}."
    return f"{name}: {details['msg']}."


def _as_written(place: Place, document: Value) -> list[str]:
    """The place without the numbers of lists that the file writes as a single entry."""
    told, at = [], document
    for part in place:
        if isinstance(part, int):
            if isinstance(at, list):
                told.append(str(part))
                at = at[part] if part < len(at) else None
        else:
            told.append(part)
            at = at.get(part) if isinstance(at, Mapping) else None
    return told


def _found(place: Place, value: object) -> str:
    if place in SECRET_PLACES or isinstance(value, Secret):
        return ""
    if value is None:
        return " and is empty"
    if isinstance(value, dict | list):
        return ""
    return f", not {str(value)[:40]!r}" if isinstance(value, str) else f", not {value}"


def _unknown(written: Sequence[str], place: Place) -> str:
    *sections, key = (part for part in place if isinstance(part, str))
    name = ".".join(written)
    keys = known_keys(*sections)
    near = difflib.get_close_matches(key.casefold(), keys, n=1)
    if near:
        return f"{name}: did you mean {near[0]}?"
    home_of_key = [other for other in known_keys() if key in known_keys(other)]
    if home_of_key:
        return f"{name}: this key belongs to {home_of_key[0]}."
    return f"{name} is not known; known are {', '.join(keys)}."


def known_keys(*sections: str) -> list[str]:
    """The keys of a section within sections, or of the whole file."""
    models: list[type[BaseModel]] = [ConfigFile]
    for section in sections:
        fields = [model.model_fields[section] for model in models if section in model.model_fields]
        models = [inner for field in fields for inner in _models_in(field.annotation)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
