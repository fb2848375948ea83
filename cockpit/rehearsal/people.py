"""The people of the rehearsal; all of them are made up."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a git identity and a GitHub account."""

    name: str
    login: str
    email: str


def _person(name: str, login: str) -> Person:
    return Person(name, login, f"{login}@users.noreply.github.com")


CAPTAIN = _person("Robin Castellan", "captain")
ADA = _person("Ada Moreno", "ada-releng")
MIKA = _person("Mika Lindqvist", "mika-releng")
REVIEWER = _person("Noor Haddad", "noor-reviews")
ON_CALL = _person("Jonas Weiss", "jonas-oncall")

MANAGERS = (ADA, MIKA)
"""The release managers, whose word on a nomination counts."""

TEAM = (CAPTAIN, ADA, MIKA, REVIEWER, ON_CALL)

MERGE_BOT = Person(
    "PyTorch MergeBot", "pytorchmergebot", "pytorchmergebot@users.noreply.github.com"
)
PYTORCH_BOT = Person("pytorchbot", "pytorchbot", "pytorchbot@users.noreply.github.com")
WEB_FLOW = Person("GitHub", "web-flow", "noreply@github.com")
BOTS = (MERGE_BOT, PYTORCH_BOT, WEB_FLOW)

CONTRIBUTORS = tuple(
    _person(name, login)
    for name, login in (
        ("Aiko Tanabe", "aiko-t"),
        ("Amara Diallo", "amaradiallo"),
        ("Anton Kvist", "akvist"),
        ("Beatriz Rocha", "brocha"),
        ("Bram de Wit", "bramdewit"),
        ("Carla Jensen", "carla-jensen"),
        ("Chidi Eze", "chidi_eze"),
        ("Chloé Marchand", "chloe-marchand"),
        ("Dmitri Volkov", "dvolkov"),
        ("Elif Şahin", "elifsahin"),
        ("Emeka Obi", "emekaobi"),
        ("Fatima Zahra", "fzahra"),
        ("Giulia Conti", "giuconti"),
        ("Hana Novák", "hananovak"),
        ("Ines Duarte", "inesduarte"),
        ("Jae-won Park", "jaewon-park"),
        ("Kavya Iyer", "kavya-i"),
        ("Kofi Mensah", "kofimensah"),
        ("Lars Holm", "larsholm"),
        ("Leila Farahani", "leilaf"),
        ("Lucía Ortega", "lucia-ortega"),
        ("Mateo Vargas", "mateov"),
        ("Mei Lin", "mei-lin-42"),
        ("Naveen Pillai", "npillai"),
        ("Oksana Bondar", "oksanab"),
        ("Oliver Stone", "ostone"),
        ("Priya Raman", "priyaraman"),
        ("Rui Costa", "ruicosta"),
        ("Sanna Virtanen", "sannav"),
        ("Seo-yeon Choi", "seoyeonc"),
        ("Tariq Aziz", "tariq-az"),
        ("Thandi Nkosi", "thandink"),
        ("Uma Shankar", "umashankar"),
        ("Viktor Horváth", "viktor-h"),
        ("Wen Zhao", "wenzhao"),
        ("Yara Haidar", "yarahaidar"),
        ("Yusuf Demir", "yusufd"),
        ("Zoe Papadakis", "zoe-pap"),
    )
)

EVERYBODY = (*TEAM, *BOTS, *CONTRIBUTORS)


def someone(rng: random.Random) -> Person:
    """Any of the contributors."""
    return rng.choice(CONTRIBUTORS)
