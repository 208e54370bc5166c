"""Copies of the log on their way to other systems."""
