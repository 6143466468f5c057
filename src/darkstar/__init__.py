"""Darkstar: a home-energy system that can prove its numbers."""
