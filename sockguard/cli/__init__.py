"""Words in, exit code out: all wiring."""
