"""Aurora: forecasts of what the home will use, what the sun will give and what energy will cost. Pure."""
