"""``python -m idiolect`` is the command ``idiolect``."""

from idiolect.cli import main

if __name__ == "__main__":
    main()
