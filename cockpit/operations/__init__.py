"""Everything that changes the world: operations make plans, the runner carries them out."""
