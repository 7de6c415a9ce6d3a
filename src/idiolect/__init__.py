"""One idiolect per user for any language model. Importing this loads no tensor library."""

__version__ = "0.1.0"
