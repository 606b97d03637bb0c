"""Fits a forest to a table."""

from dataclasses import dataclass
from pathlib import Path

from deepaas.model.v2 import run
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

from .data import SPECIES, Table, TableError

STEPS = 20
"""How often a run reports its progress."""


@dataclass(frozen=True)
class Options:
    """The arguments of `train` in api.py."""

    trees: int = 100
    depth: int = 4
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training run.

    Attributes:
        forest: in its final state.
        accuracy: 0 to 1, on validation data.
        cancelled: whether it was cancelled before its end.
    """

    forest: RandomForestClassifier
    accuracy: float
    cancelled: bool


def train(table: Table, options: Options, folder: Path) -> Outcome:
    """Fit a forest, some trees at a time.

    Args:
        folder: for the event files, which the host reads for the curves.
    """
    # Imported here because predictions do not need it.
    from tensorboardX import SummaryWriter

    known, unseen, known_species, unseen_species = split(table, options.seed)
    forest = RandomForestClassifier(
        n_estimators=0, max_depth=options.depth, random_state=options.seed, warm_start=True
    )
    accuracy = 0.0
    with SummaryWriter(str(folder)) as writer:
        for trees in _steps(options.trees):
            forest.set_params(n_estimators=trees).fit(known, known_species)
            answers = forest.predict_proba(unseen)
            accuracy = float(accuracy_score(unseen_species, answers.argmax(axis=1)))
            loss = log_loss(unseen_species, answers, labels=list(range(len(SPECIES))))
            writer.add_scalar("accuracy/validation", accuracy, trees)
            writer.add_scalar("loss/validation", loss, trees)
            run.progress(trees, options.trees, f"validation accuracy {accuracy:.3f}")
            print(f"{trees} trees: loss {loss:.4f}, accuracy {accuracy:.3f}", flush=True)
            if run.cancelling():
                break
    return Outcome(forest, round(accuracy, 4), cancelled=len(forest) < options.trees)


def split(table: Table, seed: int) -> list[list]:
    """Keep a third for validation. Returns the features of both parts, then the species."""
    if set(table.species) != set(range(len(SPECIES))):
        raise TableError(f"the table must contain flowers of each species: {', '.join(SPECIES)}")
    return train_test_split(
        table.features, table.species, test_size=1 / 3, random_state=seed, stratify=table.species
    )


def _steps(total: int) -> list[int]:
    """The number of trees after each step."""
    steps = min(STEPS, total)
    return [round(total * step / steps) for step in range(1, steps + 1)]
