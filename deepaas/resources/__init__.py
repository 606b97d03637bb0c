"""What each model gets of the machine: worker processes, processor cores, GPUs."""
