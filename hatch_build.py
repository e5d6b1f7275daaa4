"""Builds the kernel when the project is installed, if there is a C compiler."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_BUILD = Path(__file__).parent / "model" / "engines" / "kernel" / "build.py"


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]  # whatever hatchling configures
    """A wheel with the kernel is for one platform; one without is for all."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the kernel, or say why there is none."""
        if self.target_name != "wheel":
            return
        spec = importlib.util.spec_from_file_location("kernel_build", _BUILD)
        if spec is None or spec.loader is None:
            raise ImportError(_BUILD)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        hindrance = module.build()
        if hindrance:
            self.app.display_warning(f"the search will be slower: {hindrance}")
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["artifacts"].append("/model/engines/kernel/_kernel.so")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
