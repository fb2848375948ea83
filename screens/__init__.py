"""Screens and dialogs, one a file; they read the state and ask for actions, never a backend."""
