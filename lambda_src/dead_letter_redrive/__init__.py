"""An operator has dead letters tried again."""
