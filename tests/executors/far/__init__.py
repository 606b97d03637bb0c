"""An executor of a third party, whose workers run on machines that share nothing with the host.

Each worker has a "machine": a process with a folder of its own, to which leads only a pipe in and
a pipe out, as by ``ssh``. There it is run by the executor of that machine.
"""
