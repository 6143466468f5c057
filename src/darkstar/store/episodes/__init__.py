"""Episodes: what was known, what was decided and what came of it, kept to be learned from.

An episode is one decision at one slot (`episode.py`). On its way it is

    packed     numbers to a stated precision, a kilobyte or two for 48 hours of quarters  (`packing.py`)
    recorded   as a row of `training_episodes` in the home's ledger, in the transaction of whoever replays
               or decides, so that neither is ever without the other                       (`outbox.py`)
    carried    by a courier with connections of its own: whoever records never waits       (`courier.py`)
    kept       in the lake: `antares_learning` and `antares_plan_history`, in MariaDB or in
               a SQLite file beside the ledger, the same tables and queries in both        (`lake.py`, `address.py`)

An episode is named by its system, its run and the start of its slot. The lake takes an episode of a name that it has
in place of the one it has, so one that is carried twice is there once. The ledger's row stays, for joins with the
slots by slot time; its forecasts and plan wait beside it (`episode_payloads`) until the lake has confirmed them.
"""
