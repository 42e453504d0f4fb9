"""What this project adds to the emulator, in whose own environment it runs, with nothing of ours installed."""
