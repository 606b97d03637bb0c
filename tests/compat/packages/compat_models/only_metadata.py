"""The first thing an author writes; and it takes the liberty of another id and name."""


def get_metadata():
    return {
        "id": "another-id",
        "name": "Another name",
        "Author": ["A", "B"],
        "checkpoints": {"resnet": {"size": 3}},
    }
