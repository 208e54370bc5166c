"""A firewall for the Docker Engine's socket."""

__version__ = "0.1.0"
