"""How a long job tells what it is doing, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called with a stage's name, steps done and steps in all."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say where the job stands."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Nobody listens."""
