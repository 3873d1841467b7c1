"""Rows and files for people and programs."""
