"""Chunks of a run on several processes or machines, through Dask (extra `[scale]`). What travels is names of files and settings, never a model."""
