"""What a power tariff asks of plans."""
