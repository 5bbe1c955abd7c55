"""What the walk sees in an archive is what independent tools unpack from it: the same names and the
same bytes. Archives of every kind that a Debian tool makes, and ZIPs that are odd but legal."""

import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile
import unittest
import zipfile
import zlib

from weir_e2e import BIN, SOURCE, main

RANDOM = random.Random(11)
FILES = {
    "readme.txt": b"Some plain words, many times over.\n" * 400,
    "folder/data.bin": bytes(RANDOM.choices(b"abcdefghijklmnopqrstuvw\n", k=70_000)),
    "folder/deep/er/empty.txt": b"",
    "folder/ümläut 名前.txt": "Text in UTF-8: 名前\n".encode() * 20,
    "zeros.bin": bytes(200_000),
}
ASCII = {name: data for name, data in FILES.items() if name.isascii()}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def run(*command, cwd=None, stdin=None):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, input=stdin,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout.decode()} {done.stderr.decode()}")
    return done.stdout


class Odd:
    """ZIPs written field by field, as some program somewhere writes them."""

    def __init__(self):
        self.out, self.directory, self.count = bytearray(), bytearray(), 0

    def entry(self, name, data, method=8, flags=0, descriptor=None, extra=b"", central_extra=None,
              comment=b"", sizes_in_descriptor_only=True):
        name = name if isinstance(name, bytes) else name.encode()
        packed = data
        if method == 8:
            pack = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = pack.compress(data) + pack.flush()
        crc, at = zlib.crc32(data), len(self.out)
        hidden = descriptor is not None and sizes_in_descriptor_only
        flags |= 8 if descriptor is not None else 0
        known = (0, 0, 0) if hidden else (crc, len(packed), len(data))
        self.out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, method, 0, 0x5A21, *known,
                                len(name), len(extra)) + name + extra + packed
        if descriptor is not None:
            self.out += descriptor + struct.pack("<III", crc, len(packed), len(data))
        central_extra = extra if central_extra is None else central_extra
        self.directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, method, 0,
                                      0x5A21, crc, len(packed), len(data), len(name),
                                      len(central_extra), len(comment), 0, 0, 0, at)
        self.directory += name + central_extra + comment
        self.count += 1
        return self

    def bytes(self, comment=b"", before=b""):
        at = len(self.out)
        end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, self.count, self.count,
                          len(self.directory), at, len(comment))
        return before + bytes(self.out) + bytes(self.directory) + end + comment


def odd_zips():
    text, noise = FILES["readme.txt"], FILES["folder/data.bin"]
    signed = struct.pack("<I", 0x08074B50)
    yield "descriptor", {"a.txt": text}, Odd().entry("a.txt", text, descriptor=signed).bytes()
    yield "descriptor-unsigned", {"a.txt": text}, Odd().entry("a.txt", text, descriptor=b"").bytes()
    yield ("descriptor-stored", {"a.bin": noise, "b.txt": text},
           Odd().entry("a.bin", noise, 0, descriptor=signed).entry("b.txt", text).bytes())
    yield ("extra-stray-bytes", {"a.txt": text},
           Odd().entry("a.txt", text, extra=b"\0", central_extra=b"").bytes())
    yield "comment", {"a.txt": text}, Odd().entry("a.txt", text).bytes(comment=b"made by hand " * 50)
    yield "comment-with-signature", {"a.txt": text}, Odd().entry("a.txt", text, comment=b"x").bytes(
        comment=b"a PK word in a comment")
    yield "utf8-flag", {"名.txt": text}, Odd().entry("名.txt", text, flags=0x800).bytes()
    yield "empty-deflated", {"e.txt": b""}, Odd().entry("e.txt", b"").bytes()
    many = Odd()
    for i in range(3000):
        many.entry(f"{i}.txt", str(i).encode(), 0)
    yield "many", {f"{i}.txt": str(i).encode() for i in range(3000)}, many.bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.txt", "w", force_zip64=True) as member:
            member.write(text)
    yield "zip64", {"a.txt": text}, buffer.getvalue()

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.kept = io.BytesIO()

        def writable(self):
            return True

        def write(self, data):
            return self.kept.write(data)
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    yield "python-streamed", FILES, pipe.kept.getvalue()


def stored_lzh(files):
    """An LHA archive with headers of level 0 and the method -lh0-."""
    out = bytearray()
    for name, data in files.items():
        crc = 0
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        fields = struct.pack("<5sIIIBBB", b"-lh0-", len(data), len(data), 0x5A210000, 0x20, 0,
                             len(name)) + name.encode() + struct.pack("<H", crc)
        out += bytes([len(fields), sum(fields) & 0xFF]) + fields + data
    return bytes(out) + b"\0"


class Differential(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-differ-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        (self.folder / "clamav").mkdir()
        (self.folder / "weir.yaml").write_text(
            f"state_dir: {self.folder}/state\npolicy_file: {SOURCE}/conf/policy.yaml\n"
            f"inspect: {{rules_dir: {SOURCE}/conf/rules, clamav_dir: clamav}}\n")
        for name, files in (("all", FILES), ("ascii", ASCII)):
            for path, data in files.items():
                target = self.folder / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def seen(self, archive):
        """The first of what the walk sees: {path: sha256}; and the whole answer."""
        ran = subprocess.run([BIN / "weir", "scan", "--config", self.folder / "weir.yaml", "--json",
                              archive], capture_output=True)
        answer = json.loads(ran.stdout)
        return {note["where"]: note["sha256"] for note in answer["tree"] if note["where"]}, answer

    def unpacked(self, command, archive):
        """What another program makes of it."""
        target = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        run(*[part.format(archive=archive, target=target) for part in command], cwd=target)
        return {str(path.relative_to(target)): sha256(path.read_bytes())
                for path in target.rglob("*") if path.is_file() and not path.is_symlink()}

    def compare(self, archive, files, tools, between=""):
        want = {name: sha256(data) for name, data in files.items()}
        got, answer = self.seen(archive)
        # A compressed tar is one container; a package is an ar of two.
        got = {name.removeprefix(between).removeprefix("./"): digest for name, digest in got.items()
               if name.startswith(between)}
        self.assertEqual(answer["verdict"], "clean", (archive.name, answer["findings"]))
        if len(want) < 60:
            self.assertEqual(got, want, archive.name)
        else:
            self.assertEqual(answer["artifacts"], len(want) + 1, archive.name)
            self.assertTrue(got.items() <= want.items(), archive.name)
        for tool in tools:
            self.assertEqual(self.unpacked(tool, archive), want, (archive.name, tool[0]))

    def make(self, name, *command, cwd="all", stdin=None, stdout=False):
        archive = self.folder / name
        out = run(*command, cwd=self.folder / cwd, stdin=stdin)
        if stdout:
            archive.write_bytes(out)
        return archive

    SEVEN = ["7zz", "x", "-y", "-o{target}", "{archive}"]
    UNAR = ["unar", "-q", "-D", "-o", "{target}", "{archive}"]
    TAR = ["tar", "xf", "{archive}"]

    def test_what_programs_make(self):
        names = list(FILES)
        listing = "\n".join(names).encode()
        in_folder = self.folder
        rows = [
            ("a.zip", FILES, [self.SEVEN, self.UNAR, ["unzip", "-q", "{archive}"]],
             ["zip", "-q", "-r", in_folder / "a.zip", "."]),
            ("store.zip", FILES, [self.SEVEN], ["zip", "-q", "-0", "-r", in_folder / "store.zip", "."]),
            ("bz.zip", FILES, [self.SEVEN], ["7zz", "a", "-tzip", "-mm=BZip2", in_folder / "bz.zip", "."]),
            ("lzma.zip", FILES, [self.SEVEN], ["7zz", "a", "-tzip", "-mm=LZMA", in_folder / "lzma.zip", "."]),
            ("a.7z", FILES, [self.SEVEN, self.UNAR], ["7zz", "a", in_folder / "a.7z", "."]),
            ("ppmd.7z", FILES, [self.SEVEN], ["7zz", "a", "-m0=PPMd", in_folder / "ppmd.7z", "."]),
            ("loose.7z", FILES, [self.SEVEN], ["7zz", "a", "-ms=off", "-mhc=off", in_folder / "loose.7z", "."]),
            ("a.tar", FILES, [self.SEVEN, self.TAR], ["tar", "cf", in_folder / "a.tar", *names]),
            ("pax.tar", FILES, [self.SEVEN, self.TAR],
             ["tar", "--format=pax", "-cf", in_folder / "pax.tar", *names]),
            ("a.tar.gz", FILES, [self.TAR], ["tar", "czf", in_folder / "a.tar.gz", *names]),
            ("a.tar.bz2", FILES, [self.TAR], ["tar", "cjf", in_folder / "a.tar.bz2", *names]),
            ("a.tar.xz", FILES, [self.TAR], ["tar", "cJf", in_folder / "a.tar.xz", *names]),
            ("a.tar.zst", FILES, [self.TAR], ["tar", "--zstd", "-cf", in_folder / "a.tar.zst", *names]),
            ("a.tar.lzma", FILES, [self.TAR], ["tar", "--lzma", "-cf", in_folder / "a.tar.lzma", *names]),
            ("a.iso", FILES, [self.SEVEN],
             ["genisoimage", "-quiet", "-J", "-r", "-input-charset", "utf-8", "-o", in_folder / "a.iso", "."]),
        ]
        for name, files, tools, command in rows:
            with self.subTest(name=name):
                self.compare(self.make(name, *command), files, tools)
        with self.subTest(name="a.cpio"):
            archive = self.make("a.cpio", "cpio", "-o", "-H", "newc", "--quiet", stdin=listing, stdout=True)
            self.compare(archive, FILES, [self.SEVEN])
        with self.subTest(name="a.cab"):
            archive = self.make("a.cab", "gcab", "-c", "-z", "-n", in_folder / "a.cab", *ASCII, cwd="ascii")
            flat = {name.rsplit("/")[-1]: data for name, data in ASCII.items()}
            self.compare(archive, flat, [self.SEVEN, ["cabextract", "-q", "{archive}"]])
        with self.subTest(name="a.lzh"):
            flat = {name.rsplit("/")[-1]: data for name, data in ASCII.items()}
            (in_folder / "a.lzh").write_bytes(stored_lzh(flat))
            self.compare(in_folder / "a.lzh", flat, [self.SEVEN, self.UNAR])
        with self.subTest(name="a.deb"):
            (in_folder / "all/DEBIAN").mkdir()
            (in_folder / "all/DEBIAN/control").write_text(
                "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n")
            archive = self.make("a.deb", "dpkg-deb", "-b", in_folder / "all", in_folder / "a.deb")
            self.compare(archive, FILES, [["dpkg-deb", "-x", "{archive}", "{target}"]], "data.tar.xz!/")

    def test_what_the_library_does_not_unpack_is_said(self):
        """Other programs open these; they must not pass as seen."""
        stray = Odd().entry("a.txt", FILES["readme.txt"], extra=b"", central_extra=b"\x99\x99\x00")
        rows = [("d64.zip", "unsupported", self.make(
                    "d64.zip", "7zz", "a", "-tzip", "-mm=Deflate64", self.folder / "d64.zip", ".")),
                ("stray.zip", "corrupt", self.folder / "stray.zip")]
        (self.folder / "stray.zip").write_bytes(stray.bytes())
        for name, reason, archive in rows:
            with self.subTest(name=name):
                answer = self.seen(archive)[1]
                self.assertEqual((answer["verdict"], answer["reason"]), ("uninspectable", reason))
                self.assertTrue(self.unpacked(self.SEVEN, archive))

    def test_names_that_are_not_utf8(self):
        data = FILES["readme.txt"]
        (self.folder / "dos.zip").write_bytes(Odd().entry(b"\x81.txt", data).bytes())
        got, answer = self.seen(self.folder / "dos.zip")
        self.assertEqual((answer["verdict"], list(got.values())), ("clean", [sha256(data)]))

    def test_odd_zips(self):
        for name, files, data in odd_zips():
            with self.subTest(name=name):
                archive = self.folder / f"{name}.zip"
                archive.write_bytes(data)
                tools = [self.SEVEN]
                with zipfile.ZipFile(io.BytesIO(data)) as reference:
                    self.assertEqual({info.filename: sha256(reference.read(info))
                                      for info in reference.infolist()},
                                     {name: sha256(content) for name, content in files.items()})
                self.compare(archive, files, tools)


if __name__ == "__main__":
    main()
