"""Devices: definitions, published parameter sets, and the three forms written from them."""
