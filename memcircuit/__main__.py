"""``python -m memcircuit``: the command line."""

from memcircuit.cli import main

main()
