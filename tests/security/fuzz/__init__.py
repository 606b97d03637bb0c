"""Fuzzers: many requests that are nearly right, and nothing of the host may give way.

`DEEPAAS_FUZZ_SEED=N` repeats a run, `DEEPAAS_FUZZ_ONLY=I` only its request number I.
"""
