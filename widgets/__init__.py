"""Dumb, reusable widgets: data in, messages out."""
