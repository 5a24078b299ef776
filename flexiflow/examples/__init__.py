"""Real workflows, one a folder, used by the demo, the notebooks and the tests."""
