"""Disks of a few megabytes, that can be filled and emptied again."""

import shutil
import subprocess
from pathlib import Path


class SmallDisk:
    """A tmpfs, or an ext4 in a file on a loop device, mounted at `place`; the unmounting is lazy, whoever is still there."""

    def __init__(self, place: Path, size: str, *, loop: bool = False):
        self.place, self.size, self.loop = Path(place), size, loop
        self.image = self.place.with_name(self.place.name + ".img")
        self._loop = ["mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.place)]

    def __enter__(self) -> "SmallDisk":
        self.place.mkdir(parents=True)
        if self.loop:
            subprocess.run(["truncate", "-s", self.size, str(self.image)], check=True)
            subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", str(self.image)], check=True)
            subprocess.run(self._loop, check=True)
        else:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size},mode=0755", "none", str(self.place)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.place)], capture_output=True)  # an Engine unmounts what is under it
        self.image.unlink(missing_ok=True)

    @property
    def filler(self) -> Path:
        return self.place / "filler"

    def fill(self) -> None:
        for block in ("1M", "1k"):
            subprocess.run(["dd", "if=/dev/zero", f"of={self.filler}", f"bs={block}", "oflag=append", "conv=notrunc"],
                           capture_output=True)

    def empty(self) -> None:
        self.filler.unlink()

    def fail(self) -> None:
        """The kernel finds an error on it, and from then on nobody writes to it."""
        device = subprocess.run(["findmnt", "-no", "SOURCE", str(self.place)], check=True, capture_output=True, text=True)
        Path("/sys/fs/ext4", Path(device.stdout.strip()).name, "trigger_fs_error").write_text("1")

    def mend(self) -> None:
        """Checked and mounted again, as at the next start of the machine: what was synced is there. From a copy, because
        whoever has a copy of our mounts keeps the old one."""
        subprocess.run(["umount", "-l", str(self.place)], check=True)
        copy = self.image.with_suffix(".mended")
        shutil.copyfile(self.image, copy)
        copy.replace(self.image)
        subprocess.run(["fsck.ext4", "-fy", str(self.image)], capture_output=True)
        subprocess.run(self._loop, check=True)
