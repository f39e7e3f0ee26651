"""What integration tests stand on: real Engines, Compose versions, images, git repositories, the program itself."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
