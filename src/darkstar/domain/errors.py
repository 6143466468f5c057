"""The errors that Darkstar raises on purpose: what was wrong, where, and what to do about it."""


class DarkstarError(Exception):
    """Something a person can act on.

    Attributes:
        exit_code: what the command line answers with (docs: 2 wrong use or config, 3 source out of reach).
        remedy: one sentence that says what to do, or an empty string.
    """

    exit_code = 2

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy


class UsageError(DarkstarError):
    """A command was asked for something that makes no sense (an empty range, a range in the future)."""


class ConfigError(DarkstarError):
    """`darkstar.yaml` or the secrets beside it are wrong."""


class DataError(DarkstarError):
    """A file or an answer does not hold what it should."""


class StoreError(DarkstarError):
    """The ledger's file cannot be read or written (locked, full, damaged, of a newer version)."""

    exit_code = 3


class SourceUnreachableError(DarkstarError):
    """Home Assistant, a price source or another outside source does not answer, or refuses us."""

    exit_code = 3
