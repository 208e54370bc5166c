"""The operations of the Engine API as tables, one module per kind of object."""
