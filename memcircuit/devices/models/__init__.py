"""The library of models: one file each, every one defining ``MODEL``."""
