"""Protocols that drive devices and cells through the simulator and return datasets."""
