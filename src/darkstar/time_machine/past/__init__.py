"""The past as a replay needs it, read off the ledger."""
