"""`darkstar plan`."""
