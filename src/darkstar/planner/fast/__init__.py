"""The fast exact engine: the planning problem solved backwards in time, by piecewise-linear functions of stored energy.

slot_cost    what a move of the stored energy costs in a slot: a few steps of charging and of discharging
piecewise    functions of the stored energy, convex or not, and the exact operations on them
recursion    the battery's value function: convex where it may be, general where "never both" makes kinks
forward      from the value function to moves
glance       one problem in one compiled call; engine: the same behind the planner's interface
value        what comes out: the value of stored energy, the first move
batch        homes and days on all cores, a year of plans from every slot
capacity     a price on the highest import of a slot: a search over the peak around the recursion
scenarios    fans of load and sun, two stages or many; chords: their compiled parts
"""

import re
from pathlib import Path

_IMPORTED = re.compile(r"^from darkstar\.planner\.fast\.(\w+) import", re.MULTILINE)


def _forget_outdated(folder: Path) -> None:
    """Drop compiled kernels that are older than a source they are made of: numba compiles a kernel anew when its own
    file changes, but not when a kernel that it calls does, and would go on with the old one."""
    sources = {source.stem: source for source in folder.glob("*.py")}
    imported = {name: set(_IMPORTED.findall(source.read_text())) for name, source in sources.items()}
    for index in folder.glob("__pycache__/*.nbi"):
        needed, found = {index.name.split(".")[0]}, set[str]()
        while needed > found:
            found = needed
            needed = found.union(*(imported.get(name, set()) for name in found))
        try:
            if any(sources[name].stat().st_mtime > index.stat().st_mtime for name in needed & sources.keys()):
                index.unlink()
        except OSError:
            # Another process was faster, or the folder may only be read and numba keeps its kernels elsewhere.
            continue


_forget_outdated(Path(__file__).parent)
