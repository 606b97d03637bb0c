"""etc/deepaas.conf.sample is what the generator makes of the options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_sample_is_what_the_generator_makes(tmp_path: Path) -> None:
    generator = Path(sys.executable).parent / "oslo-config-generator"
    made = tmp_path / "sample"
    config = ["--config-file", "etc/deepaas-config-generator.conf"]
    subprocess.run([generator, *config, "--output-file", made], cwd=ROOT, check=True)
    assert made.read_text() == (ROOT / "etc/deepaas.conf.sample").read_text(), (
        f"make it anew: oslo-config-generator {' '.join(config)}"
    )
