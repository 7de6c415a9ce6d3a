"""What every test gets: no network, one thread, the same seeds, and small models with random weights."""

from __future__ import annotations

import os
import random
import sys
from typing import TYPE_CHECKING

for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
    os.environ[_variable] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from pytest_socket import disable_socket  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Browser
    from idiolect.models.hf import HFModel

# No example fails by the clock, nor by chance: a busy machine passes what an idle one passes.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_runtest_setup() -> None:
    """Tests reach no network; a socket between threads of one process is no network."""
    disable_socket(allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Global generators start the same in each test, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def llama() -> HFModel:
    """A Llama of two layers and random weights; tests leave it as they find it."""
    from idiolect.models.hf import HFModel

    return HFModel.random("llama")


@pytest.fixture(scope="session")
def lfm2() -> HFModel:
    """An LFM2 (short convolution and attention) of two layers and random weights."""
    from idiolect.models.hf import HFModel

    return HFModel.random("lfm2")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A real one without a window, with a profile of its own."""
    from browser import CHROMIUM, Browser

    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()
