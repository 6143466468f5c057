"""Why an hour differs from Home Assistant, or why the home's meters do not agree: a closed set of causes.

    cause.py        the set itself: each cause's plain sentence and remedy
    case.py         what a detector is given: one hour, the meters' evidence around it, the patterns it lies in
    incidents.py    what befell the meter: dip, spike, reset, replacement, step back, leap, unit, sign, late readings
    silence.py      what was not heard: outage, the lump at its end, frozen meter, missing row, undecided end
    timing.py       when it was counted: readings at the edge of an hour, rows shifted by an hour or more
    patterns.py     what runs through many hours: shifted, exchanged, counted twice, another unit
    accounts.py     what the books of either side say: rows changed later, sums edited, another source, resolution
    household.py    what the home's meters tell of one another and of themselves, without Home Assistant
    unbalanced.py   whose fault it is that the balance does not hold
    proof.py        the rows of evidence that a person is shown

A detector is a pure function from a `Case` to a `Finding`, or to None where it cannot prove its cause. `explain.py`
asks them in order.
"""
