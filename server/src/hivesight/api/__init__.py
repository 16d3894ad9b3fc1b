"""The side door: one module or package per wire protocol. Reads the rooms, changes nothing but what a protocol says."""
