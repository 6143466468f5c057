"""Plain values and arithmetic of a home's energy: slots, channels, the home, tariffs, the bill."""
