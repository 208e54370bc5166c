"""What other socket proxies are told, as sockguard's own policy."""
