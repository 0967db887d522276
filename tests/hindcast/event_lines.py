"""Lines and files of events in public formats, made for tests."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

ICEWS_HEADER = (
    "Event ID\tEvent Date\tSource Name\tSource Sectors\tSource Country\tEvent Text\tCAMEO Code\t"
    "Intensity\tTarget Name\tTarget Sectors\tTarget Country\tStory ID\tSentence Number\tPublisher\t"
    "City\tDistrict\tProvince\tCountry\tLatitude\tLongitude"
)


def gdelt(
    date: str,
    source: str,
    target: str,
    quad: int = 1,
    goldstein: float | str = 1.0,
    *,
    root: int = 1,
    code: str = "040",
    width: int = 61,
) -> str:
    """A line of a GDELT export: 61 columns in version 2, 57 or 58 in version 1."""
    fields = [""] * width
    fields[0:5] = ["410412347", date, date[:6], date[:4], f"{date[:4]}.1"]
    fields[5:8] = [f"{source}GOV", "SOMEBODY", source]
    fields[15:18] = [f"{target}GOV", 'THE "OTHER', target]
    fields[25:35] = (
        [str(root), code, code[:3], code[:2], str(quad), str(goldstein)] + ["2"] * 3 + ["-1"]
    )
    fields[-1] = "https://example.org/news?id=1"
    return "\t".join(fields)


def icews(date: str, source: str, target: str, code: str, intensity: float) -> str:
    """A line of an ICEWS export."""
    fields = ["20718170", date, f"Minister ({source})", "Government", source, "Consult", code]
    fields += [str(intensity), f"Police ({target})", "Police", target, "28235806", "5", "AFP"]
    return "\t".join([*fields, "Moscow", "", "Moskva", "Russian Federation", "55.7", "37.6"])


def write(file: Path, lines: list[str]) -> Path:
    """A file of these lines; compressed as its name says."""
    text = "".join(f"{line}\n" for line in lines)
    if file.suffix == ".gz":
        file.write_bytes(gzip.compress(text.encode()))
    elif file.suffix == ".zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(file.stem, text)
    else:
        file.write_text(text, encoding="utf-8")
    return file
