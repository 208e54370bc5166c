"""The data plane: the only code that awaits client and Engine."""
