"""Commands run as a person or a script runs them."""

import typer
from typer.testing import CliRunner

from darkstar.domain.errors import DarkstarError


def answered(app: typer.Typer, *words: object) -> tuple[int, str]:
    """Exit code and standard output; our own errors come out as their exit code and text."""
    got = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(got.exception, DarkstarError):
        return got.exception.exit_code, str(got.exception)
    if got.exception is not None and not isinstance(got.exception, SystemExit):
        raise got.exception
    return got.exit_code, got.stdout
