"""A small writer of OLE compound files ([MS-CFB]), since Outlook messages have no writer of their own."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Tree = Mapping[str, "bytes | Tree"]


def compound(tree: Tree) -> bytes:
    """A compound file that holds these streams (bytes) and storages (mappings)."""
    entries: list[tuple[str, int, bytes, list[int]]] = [("Root Entry", 5, b"", [])]
    _collect(tree, 0, entries)
    mini = b""
    mini_fat: list[int] = []
    starts: list[int] = []
    sectors: list[bytes] = []
    fat: list[int] = []

    def chain(data: bytes) -> int:
        count = -(-len(data) // SECTOR)
        first = len(sectors)
        sectors.extend(data[n * SECTOR : (n + 1) * SECTOR].ljust(SECTOR, b"\0") for n in range(count))
        fat.extend([*range(first + 1, first + count), END] if count else [])
        return first if count else END

    for _, kind, data, _children in entries:
        if kind == 2 and 0 < len(data) < CUTOFF:
            first, count = len(mini_fat), -(-len(data) // MINI)
            mini += data.ljust(count * MINI, b"\0")
            mini_fat += [*range(first + 1, first + count), END]
            starts.append(first)
        else:
            starts.append(chain(data) if kind == 2 else END if kind == 5 else 0)
    starts[0] = chain(mini)
    first_mini_fat = chain(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(SECTOR, b"\xff")) if mini_fat else END
    directory = b"".join(_entry(entries, n, starts[n], len(mini)) for n in range(len(entries)))
    first_directory = chain(directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0"))
    fat_sector = len(sectors)
    fat.append(FAT)
    assert len(fat) <= SECTOR // 4
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack(
        "<IIIIIIIIII", 0, 1, first_directory, 0, CUTOFF, first_mini_fat, int(bool(mini_fat)), END, 0, fat_sector
    )
    return header.ljust(SECTOR, b"\xff") + b"".join(sectors) + table


def _collect(tree: Tree, parent: int, entries: list[tuple[str, int, bytes, list[int]]]) -> None:
    for name, value in tree.items():
        number = len(entries)
        entries[parent][3].append(number)
        if isinstance(value, bytes):
            entries.append((name, 2, value, []))
        else:
            entries.append((name, 1, b"", []))
            _collect(value, number, entries)


def _entry(entries: Sequence[tuple[str, int, bytes, list[int]]], number: int, start: int, mini_size: int) -> bytes:
    """A directory entry; siblings hang on one another to the right, sorted as the format asks."""
    name, kind, data, children = entries[number]
    order = sorted(children, key=lambda n: (len(entries[n][0]), entries[n][0].upper()))
    parent = next((e[3] for e in entries if number in e[3]), [])
    siblings = sorted(parent, key=lambda n: (len(entries[n][0]), entries[n][0].upper()))
    after = siblings[siblings.index(number) + 1 :] if siblings else []
    encoded = name.encode("utf-16-le") + b"\0\0"
    size = mini_size if kind == 5 else len(data)
    fields = (len(encoded), kind, 1, FREE, after[0] if after else FREE, order[0] if order else FREE)
    return encoded.ljust(64, b"\0") + struct.pack("<HBBIII", *fields) + b"\0" * 36 + struct.pack("<IQ", start, size)


def outlook(
    subject: str, body: str, files: Mapping[str, bytes], *, code_page: int = 65001, narrow: str | None = None
) -> bytes:
    """An Outlook message from Ada to Grace ([MS-OXMSG] 2.2); its own texts in the codec `narrow`, else in UTF-16."""
    texts = {0x001A: "IPM.Note", 0x0037: subject, 0x1000: body, 0x0C1A: "Ada", 0x0C1F: "ada@example.com"}
    tree: dict[str, bytes | Tree] = {
        "__nameid_version1.0": {f"__substg1.0_000{n}0102": b"" for n in (2, 3, 4)},
        "__recip_version1.0_#00000000": _storage(
            {0x3001: "Grace", 0x3003: "grace@example.com"}, {}, {0x0C15: 1}, b"\0" * 8
        ),
    }
    for number, (name, data) in enumerate(files.items()):
        tree[f"__attach_version1.0_#{number:08X}"] = _storage({0x3707: name}, {0x3701: data}, {0x3705: 1}, b"\0" * 8)
    header = b"\0" * 8 + struct.pack("<IIII", 1, len(files), 1, len(files)) + b"\0" * 8
    pages = {0x3FDE: code_page, **({0x3FFD: code_page} if narrow else {})}
    return compound({**_storage(texts, {}, pages, header, narrow), **tree})


def _storage(
    texts: Mapping[int, str],
    binary: Mapping[int, bytes],
    numbers: Mapping[int, int],
    header: bytes,
    narrow: str | None = None,
) -> Tree:
    made: dict[str, bytes | Tree] = {}
    records = header
    for tag, text in texts.items():
        data, kind = (text.encode(narrow), 0x1E) if narrow else (text.encode("utf-16-le"), 0x1F)
        made[f"__substg1.0_{tag:04X}{kind:04X}"] = data
        records += struct.pack("<HHIII", kind, tag, 6, len(data) + 2, 0)
    for tag, data in binary.items():
        made[f"__substg1.0_{tag:04X}0102"] = data
        records += struct.pack("<HHIII", 0x102, tag, 6, len(data), 0)
    for tag, number in numbers.items():
        records += struct.pack("<HHIII", 3, tag, 6, number, 0)
    return {**made, "__properties_version1.0": records}
