"""Reads `darkstar.yaml` and `secrets.yaml` as nested values; what they mean is checked in `sections.py`.

YAML as usual, with two differences: a key written twice is an error instead of the last one winning, and `!env NAME`
stands for a variable of the environment, or for a line of `secrets.yaml` where the environment has none.
"""

import stat
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TypeAlias

import yaml

from darkstar.config.secret import Secret
from darkstar.domain.errors import ConfigError

SECRETS_NAME = "secrets.yaml"

Value: TypeAlias = "Mapping[str, Value] | list[Value] | str | int | float | bool | Secret | None"


def read_document(path: Path, environ: Mapping[str, str]) -> Mapping[str, Value]:
    """The file's sections, with a `Secret` for every `!env`.

    Raises:
        ConfigError: there is no such file, it is no YAML, or others may read the secrets.
    """
    if not path.is_file():
        raise ConfigError(
            f"There is no {path.name} in {path.parent}.",
            remedy="Name the home's folder with --home, or write the file there (the README shows one).",
        )
    secrets = _read_secrets(path.parent / SECRETS_NAME)
    values = _parse(path, {**secrets, **environ})
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path} holds no sections.", remedy="The README shows a file to begin with.")
    return values


def _read_secrets(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"Others may read {path}.", remedy=f"Run: chmod 600 {path}")
    values = _parse(path, {})
    if values is None:
        return {}
    if not isinstance(values, Mapping) or any(isinstance(v, Mapping | list) for v in values.values()):
        raise ConfigError(f"{path} must hold one `NAME: value` a line.")
    return {str(name): str(value) for name, value in values.items() if value is not None}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, stricter about keys and able to look up secrets."""

    variables: Mapping[str, str]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"'{key.value}' stands there twice", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        mapping: dict[Hashable, object] = super().construct_mapping(node, deep)
        return mapping

    def construct_env(self, node: yaml.Node) -> Secret:
        name = str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""
        if not name:
            raise yaml.constructor.ConstructorError(
                problem="!env needs the name of a variable", problem_mark=node.start_mark
            )
        return Secret(name, self.variables.get(name))


_Loader.add_constructor("!env", _Loader.construct_env)


def _parse(path: Path, variables: Mapping[str, str]) -> Value:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        loader.variables = variables
        values: Value = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        # The error's own text quotes the line, which may hold a secret.
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line}: {error.problem}.", remedy=_remedy(error)) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"{path} is not a text file in UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    return values


def _remedy(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if "\\t" in problem:
        return "Indent with spaces; YAML forbids tabs."
    if "constructor for the tag" in problem:
        return "Write !env NAME for a value from the environment or from secrets.yaml."
    return ""
