"""What a plan from now on needs, read off the ledger."""
