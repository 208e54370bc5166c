"""Certificates: an authority for people without one, and the folders that TLS is served from."""
