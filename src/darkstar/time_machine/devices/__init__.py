"""What a home's devices would have drawn had they been planned, in the replay."""
