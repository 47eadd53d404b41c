"""Writes kjv.txt from Debian's package bible-kjv-text: one paragraph per chapter, no verse numbers, plain ASCII.

    apt-get install bible-kjv bible-kjv-text && python3 make_kjv.py > kjv.txt
"""
import re
import subprocess

raw = subprocess.run(["bible", "-l1000000", "gen1:1-rev22:21"], capture_output=True, text=True, check=True).stdout
chapters, lines = [], []
for line in raw.splitlines():
    verse = re.match(r"\s+(\d+) (.*)", line)
    if verse:
        lines.append(verse.group(2).strip())
    elif re.match(r"[A-Z0-9].* \d+$", line.strip()) and lines:
        chapters.append(lines)
        lines = []
    elif line.strip() and lines and line.startswith(" "):
        lines[-1] += " " + line.strip()
chapters.append(lines)
text = "\n\n".join(" ".join(chapter) for chapter in chapters)
text = re.sub(r"[{}<>]", "", text)
text = re.sub(r" +", " ", text).encode("ascii", "ignore").decode()
print(text)
