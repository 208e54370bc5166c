"""Questions to the record: filters, the index, summaries, what was reviewed."""
