"""Packs a folder into a stream and unpacks it again: how a volume is saved and restored."""
