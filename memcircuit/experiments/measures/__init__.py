"""How the figures that a card states are measured: one file per kind of figure."""
