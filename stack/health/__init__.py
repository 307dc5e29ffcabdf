"""Asks a program of the stack whether it is well, for containers that have no tool of their own to ask with."""
