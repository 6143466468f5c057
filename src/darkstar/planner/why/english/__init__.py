"""The texts of plans in English, a file a subject."""

from darkstar.planner.why.english.blocks import BLOCKS
from darkstar.planner.why.english.devices import DEVICES
from darkstar.planner.why.english.headings import HEADINGS
from darkstar.planner.why.english.notices import NOTICES
from darkstar.planner.why.english.standing import STANDING
from darkstar.planner.why.texts import Catalogue

ENGLISH = Catalogue(
    {**BLOCKS, **DEVICES, **STANDING, **NOTICES, **HEADINGS},
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)
