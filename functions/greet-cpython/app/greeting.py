from pathlib import Path

TEMPLATE = Path(__file__).with_name("letter.txt").read_text().strip()


def letter(name):
    return TEMPLATE.replace("{name}", name)
