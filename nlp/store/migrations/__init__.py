"""The revisions of the store's tables; `engine.py` brings a store up to date when it is opened."""
