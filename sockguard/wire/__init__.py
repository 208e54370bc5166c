"""HTTP/1.1 as the Engine speaks it: bytes in, messages out, no I/O."""
