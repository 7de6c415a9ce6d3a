"""Settings chosen for one base model each; see `idiolect.config`."""
