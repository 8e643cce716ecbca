#!/usr/bin/env python3
"""Makes a C++ file that holds every file of a folder, and the table of them. Usage: embed.py FOLDER OUTPUT.cc"""
import pathlib
import sys

folder, output = pathlib.Path(sys.argv[1]), sys.argv[2]
files = sorted(path for path in folder.rglob("*") if path.is_file())
if not files:
    sys.exit(f"{folder} holds no files")

with open(output, "w") as out:
    out.write('#include "board/page.h"\n\n')
    for number, path in enumerate(files):
        out.write(f'asm(".pushsection .rodata\\n.global lockstep_file_{number}\\nlockstep_file_{number}:\\n"\n'
                  f'    ".incbin \\"{path}\\"\\n.byte 0\\n.popsection\\n");\n'
                  f'extern "C" const char lockstep_file_{number}[];\n')
    out.write("\nnamespace board {\n\nstd::span<const File> files() {\n  static const File all[] = {\n")
    for number, path in enumerate(files):
        out.write(f'      {{"{path.relative_to(folder)}", {{lockstep_file_{number}, {path.stat().st_size}}}}},\n')
    out.write("  };\n  return all;\n}\n\n}  // namespace board\n")
