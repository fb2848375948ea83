"""How it looks: theme definitions and style sheets; colours live nowhere else."""
