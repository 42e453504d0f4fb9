"""The platform's stacks, one file each, wired by `stacks.platform`."""
