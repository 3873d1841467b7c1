"""Labelled corpora: read, check, write."""
