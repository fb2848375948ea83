"""The domain: what a release is. Pure values and functions, no I/O and no clock of its own."""
