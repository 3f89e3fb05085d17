"""Sweeps as TOML files: what may be said, where the mistakes are, what it means."""
