"""`darkstar simulate`."""
