"""The loopback GitHub: the parts of GitHub's REST API that a release uses, over real repositories.

Refs and commits come from the bare git repositories; issues, runs and the rest from `Forge`.
"""
