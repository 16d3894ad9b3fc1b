"""The command line: one module a verb. A verb imports its room when it runs, so that `hivesight --help` is instant."""
