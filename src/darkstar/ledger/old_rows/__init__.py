"""What an older ledger's rows are worth: the judge that takes, mends or refuses each of their values.

An older ledger kept one row a quarter, and its writers had faults that left marks in the rows. Each mark is known:

    rows.py      the rows as they were read, and what was decided of each value
    reasons.py   why a value may be mended or refused
    shifts.py    rows moved by the zone's offset
    clocks.py    times settled, rows told twice
    hours.py     rows that hold a whole hour, hours cut into four, hours cut twice
    flows.py     counters taken for energy, lumps after silence, zeros that stand for "not known"
    prices.py    zero prices replaced by other prices, zeros that stand for "not known"
    judge.py     all of these in their order: the first file to read

What cannot be told from a fault is refused, for "not known" does less harm than a wrong number.
"""
