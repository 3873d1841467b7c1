"""The browser screen on which a person corrects the labels of a run."""
