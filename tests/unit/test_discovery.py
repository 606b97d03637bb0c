"""What is said of a model that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepaas.errors import ConfigError
from deepaas.model.discovery import choose


@pytest.mark.parametrize(
    ("file", "wanted", "meant"),
    [
        ("myproj/cog.yaml", "myproj", "./myproj/ ?"),
        ("predict.py", "predict", "predict.py ?"),
        ("myproj/predict.py", "myproj", ""),
    ],
)
def test_a_path_that_was_meant(
    file: str, wanted: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        choose([wanted])
    said, _, rest = str(error.value).partition("; did you mean ")
    assert said.startswith(f"no model named '{wanted}' is installed; ")
    assert rest == meant
