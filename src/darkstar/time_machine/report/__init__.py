"""What a replay tells people: pages, charts, tables."""
