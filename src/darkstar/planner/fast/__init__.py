"""The fast exact engine: the planning problem solved backwards in time, by piecewise-linear functions of stored energy.

slot_cost    what a move of the stored energy costs in a slot: a few steps of charging and of discharging
piecewise    functions of the stored energy, convex or not, and the exact operations on them
recursion    the battery's value function: convex where it may be, general where "never both" makes kinks
forward      from the value function to moves
glance       one problem in one compiled call; engine: the same behind the planner's interface
value        what comes out: the value of stored energy, the first move
keeping      months under power tariffs: what was drawn, and what the slots ahead may draw
limited      the battery under a limit on the import of its own in each slot
batch        homes and days on all cores, a year of plans from every slot
capacity     a price on the highest import of a slot: a search over the peak around the recursion
scenarios    fans of load and sun, two stages or many; chords: their compiled parts
turning      courses of load and sun that hold for a while; falls: functions as chords, shared_steps: slots before them
"""

import re
from pathlib import Path

_IMPORTED = re.compile(r"^from (darkstar\.[\w.]+) import", re.MULTILINE)
_HERE = Path(__file__).parent


def forget_outdated(package: str, folder: Path) -> None:
    """Drop a package's compiled kernels that are older than a source they are made of, its own or of this package.

    Numba compiles a kernel anew when its own file changes, but not when a kernel that it calls does, and would go on
    with the old one.
    """
    packages = {__name__: _HERE, package: folder}
    sources = {f"{of}.{path.stem}": path for of, inside in packages.items() for path in inside.glob("*.py")}
    imported = {name: set(_IMPORTED.findall(path.read_text())) for name, path in sources.items()}
    for index in folder.glob("__pycache__/*.nbi"):
        needed, found = {f"{package}.{index.name.split('.')[0]}"}, set[str]()
        while needed > found:
            found = needed
            needed = found.union(*(imported.get(name, set()) for name in found))
        try:
            if any(sources[name].stat().st_mtime > index.stat().st_mtime for name in needed & sources.keys()):
                index.unlink()
        except OSError:
            # Another process was faster, or the folder may only be read and numba keeps its kernels elsewhere.
            continue


forget_outdated(__name__, _HERE)
