"""One module for each scenario; see harness/main.py."""
