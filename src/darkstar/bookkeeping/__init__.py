"""Who keeps the books: reads the sources, stores the evidence, applies the ledger's rules, proves the result."""
