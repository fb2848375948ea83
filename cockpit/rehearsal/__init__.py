"""The rehearsal: a whole release world on loopback, built from real parts.

It imports nothing of the cockpit, so that the two cannot share a mistake.
"""
