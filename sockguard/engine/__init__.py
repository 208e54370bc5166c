"""What is known about the Engine API: tables and pure functions."""
