"""Tests of the report readers, one file a module."""
