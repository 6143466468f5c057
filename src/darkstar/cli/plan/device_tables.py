"""`darkstar plan` for people: what each device does when, and why."""

import textwrap

from rich.console import Group, RenderableType
from rich.text import Text as Line

from darkstar.cli.plan.answer import HomePlan, PlannedDevice
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.texts import Text

WIDE = 110
"""From this width on, a block's sentence stands beside its time."""
INDENT = 4 * " "


def device_blocks(home: HomePlan, device: PlannedDevice, width: int) -> RenderableType:
    """One device: its name and energy, then a line or two for each block."""
    name = device.run.wish.name
    title = Line(name[:1].upper() + name[1:], style="bold")
    if not device.blocks:
        title.append(f" {ENGLISH.say(Text.DEVICE_IDLE)}", style="dim")
        return title
    teller = DeviceTeller(home.settings.home.tz, home.present.slots)
    lines: list[RenderableType] = [title]
    for block in device.blocks:
        when, why = home.when(block.first, block.end), teller.sentence(device.run.wish, block)
        if width >= WIDE:
            line = Line(f"{when:<19}")
            line.append(why, style="default")
            lines.append(line)
            continue
        lines.append(Line(when))
        lines.append(Line(textwrap.fill(why, width, initial_indent=INDENT, subsequent_indent=INDENT)))
    return Group(*lines)
