"""What the answers of the Engine API hold, as tables, one module per kind of object."""
