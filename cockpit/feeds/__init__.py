"""Feeds: one per thing shown; each keeps its last good reading and says how old it is."""
