"""What is suspected of a home's meters."""

from dataclasses import dataclass

from darkstar.domain.channels import Channel
from darkstar.ledger.causes.cause import STORIES, Cause


@dataclass(frozen=True)
class Suspicion:
    """What is wrong with the home's meters over a range, as far as they tell themselves.

    Attributes:
        channels: those concerned, the likeliest first; the likely liars of a balance that does not hold.
        hours: [first, last) of the hours judged in which it shows; None where it runs through all of them.
    """

    cause: Cause
    channels: tuple[Channel, ...]
    detail: str
    hours: tuple[int, int] | None = None

    @property
    def remedy(self) -> str:
        """What helps."""
        return STORIES[self.cause].remedy
