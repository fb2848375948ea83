"""Everything that a person can do by key or palette, and on what."""
