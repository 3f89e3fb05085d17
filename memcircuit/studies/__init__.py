"""Published systems, run through the whole chain and compared with their papers."""
