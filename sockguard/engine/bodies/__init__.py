"""The JSON bodies that the Engine reads, as plain literals of known fields."""
