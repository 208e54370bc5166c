"""The terminal recording on the first page: what is typed, what comes out, and how it is drawn."""
