"""Sizes of the file systems of this machine, without hanging on one whose server is gone."""

import os
import re
import threading
from typing import Final

import psutil
from prometheus_client.core import Metric

from hivesight.sources import host_linux
from hivesight.sources.host_families import gauge

_REMOTE_TYPES: Final = re.compile(r"nfs.*|cifs|smb.*|fuse\..*|9p|ceph|glusterfs|lustre|afs|ncpfs")
_PATIENCE_SECONDS: Final = 1.0
_PSEUDO_TYPES: Final = re.compile(
    "autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fakeowner|fusectl|hugetlbfs|iso9660"
    "|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs"
)
_HIDDEN_MOUNTS: Final = ("/dev", "/proc", "/sys", "/run/credentials", "/var/lib/docker", "/var/lib/containers/storage")


class FileSystems:
    """Remembers the mounts that do not answer."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asking] = {}

    def families(self) -> list[Metric]:
        """Sizes of the file systems that hold files: pseudo file systems are left out."""
        names = ["device", "fstype", "mountpoint"]
        size = gauge("node_filesystem_size_bytes", "Filesystem size in bytes.", labels=names)
        free = gauge("node_filesystem_free_bytes", "Filesystem free space in bytes.", labels=names)
        available = gauge(
            "node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.", labels=names
        )
        files = gauge("node_filesystem_files", "Filesystem total file nodes.", labels=names)
        files_free = gauge("node_filesystem_files_free", "Filesystem total free file nodes.", labels=names)
        readonly = gauge("node_filesystem_readonly", "Filesystem read-only status.", labels=names)
        error = gauge(
            "node_filesystem_device_error",
            "Whether an error occurred while getting statistics for the given device.",
            labels=names,
        )
        seen: set[tuple[str, str]] = set()
        for device, mountpoint, fstype, options in host_linux.mounts() or _partitions():
            labels = [device, fstype, mountpoint]
            if (device, mountpoint) in seen or not _holds_files(fstype, mountpoint):
                continue
            seen.add((device, mountpoint))
            try:
                status = self._status(mountpoint, fstype)
            except OSError:
                error.add_metric(labels, 1.0)
                continue
            error.add_metric(labels, 0.0)
            size.add_metric(labels, status.f_blocks * status.f_frsize)
            free.add_metric(labels, status.f_bfree * status.f_frsize)
            available.add_metric(labels, status.f_bavail * status.f_frsize)
            files.add_metric(labels, status.f_files)
            files_free.add_metric(labels, status.f_ffree)
            readonly.add_metric(labels, float("ro" in options.split(",")))
        return [available, error, files, files_free, free, readonly, size]

    def _status(self, mountpoint: str, fstype: str) -> os.statvfs_result:
        """Raises OSError for a mount that cannot be read or does not answer in time. A remote one is asked in a thread
        of its own, and not again before that is done: the call cannot be interrupted."""
        if not _REMOTE_TYPES.fullmatch(fstype):
            return os.statvfs(mountpoint)
        asking = self._asked.get(mountpoint)
        if asking is None:
            asking = self._asked[mountpoint] = _Asking(mountpoint)
            asking.start()
        asking.join(_PATIENCE_SECONDS)
        if asking.is_alive():
            raise TimeoutError("the file system does not answer")
        del self._asked[mountpoint]
        if asking.status is None:
            raise OSError("the file system cannot be read")
        return asking.status


class _Asking(threading.Thread):
    def __init__(self, mountpoint: str) -> None:
        super().__init__(name=f"statvfs {mountpoint}", daemon=True)
        self._mountpoint = mountpoint
        self.status: os.statvfs_result | None = None

    def run(self) -> None:
        try:
            self.status = os.statvfs(self._mountpoint)
        except OSError:
            self.status = None


def _partitions() -> list[tuple[str, str, str, str]]:
    return [(each.device, each.mountpoint, each.fstype, each.opts) for each in psutil.disk_partitions(all=True)]


def _holds_files(fstype: str, mountpoint: str) -> bool:
    if mountpoint == "/":
        # A container's own files are on an overlay.
        return True
    hidden = any(mountpoint == each or mountpoint.startswith(each + "/") for each in _HIDDEN_MOUNTS)
    return not _PSEUDO_TYPES.fullmatch(fstype) and not hidden
