"""The record: events, their encoding and their store."""
