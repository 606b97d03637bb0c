"""A model package for the entry point group `deepaas.v2.model`: it reads handwritten digits."""

import os

# NumPy reads this when it is imported. The pictures are too small for a second thread to help, and
# where a training has the other core, each sum would wait for that thread.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
