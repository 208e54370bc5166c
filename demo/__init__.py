"""A simulated Docker Engine for trying sockguard out and for its scenario tests."""
