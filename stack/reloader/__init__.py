"""Tells a program to read its configuration again when the files have changed."""
