"""The handle over PostgreSQL: `idiolect.open("postgresql://...")`, the same operations under the same tests."""
