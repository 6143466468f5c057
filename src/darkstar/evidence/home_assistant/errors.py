"""What may go wrong with Home Assistant, sorted by what helps: waiting, a person, or another question."""

from darkstar.domain.errors import DataError, SourceUnreachableError


class AwayError(SourceUnreachableError):
    """It does not answer at the moment, or hung up: waiting and asking again helps."""


class StartingError(AwayError):
    """It answers but is still starting, so its states and statistics are not to be trusted yet."""


class RefusedError(SourceUnreachableError):
    """It, or a server before it, does not let us in: asking again would only get us banned."""


class NotHomeAssistantError(SourceUnreachableError):
    """Something else answers at that address, or its certificate is not to be trusted."""


class AnswerError(DataError):
    """It answered, but refused the request or sent what cannot be read.

    Attributes:
        code: Home Assistant's own word for it (`invalid_format`, `unknown_command`, ...), empty where it gave
        none.
    """

    def __init__(self, problem: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.code = code
