"""The policy language: load it, put a question, decide."""
