"""What stands where in a PEFT folder."""

from __future__ import annotations

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
STEM = "base_model.model."  # before a site's path
A, B = ".lora_A.weight", ".lora_B.weight"  # behind it
BASE = "idiolect_base"  # the base model's digest, among the tensors' metadata
