"""Names of target frameworks: what packages call ``.NETFramework,Version=v4.7.2``, feeds call ``net472``."""

from __future__ import annotations

import re
from functools import lru_cache

_SHORT_STEMS = {
    ".netframework": "net",
    "netframework": "net",
    ".net": "net",
    ".netstandard": "netstandard",
    ".netstandardapp": "netstandardapp",
    ".netcoreapp": "netcoreapp",
    ".netcore": "netcore",
    ".netportable": "portable",
    "netportable": "portable",
    ".netplatform": "dotnet",
    ".netmicroframework": "netmf",
    ".netnanoframework": "netnano",
    "silverlight": "sl",
    "windows": "win",
    "windowsphone": "wp",
    "windowsphoneapp": "wpa",
    "winrt": "winrt",
    "uap": "uap",
    "monoandroid": "monoandroid",
    "monotouch": "monotouch",
    "monomac": "monomac",
    "xamarin.ios": "xamarinios",
    "xamarin.mac": "xamarinmac",
    "xamarin.tvos": "xamarintvos",
    "xamarin.watchos": "xamarinwatchos",
    "tizen": "tizen",
    "dnx": "dnx",
    "dnxcore": "dnxcore",
    "asp.net": "aspnet",
    "asp.netcore": "aspnetcore",
    "native": "native",
    "agnostic": "agnostic",
    "unsupported": "unsupported",
}
_STEMS = _SHORT_STEMS | {short: short for short in _SHORT_STEMS.values()}
_DOTTED = frozenset({"netstandard", "netstandardapp", "netcoreapp", "dotnet", "netnano"})
_SINGLE_NUMBER = frozenset({"sl", "win", "wp"})  # sl4, where others would say sl40
_BARE_VERSIONS = frozenset(
    {"2", "20", "2.0", "35", "3.5", "4", "40", "4.0", "45", "4.5"}
)  # of .NET Framework, once
_SHORT_PROFILES = {
    ("net", "full"): "",
    ("net", "compactframework"): "cf",
    ("sl", "windowsphone"): "wp",
    ("sl", "windowsphone71"): "wp71",
}
_PORTABLE_PROFILES = {
    "profile2": "net40+sl4+win8+wp7",
    "profile3": "net40+sl4",
    "profile4": "net45+sl4+win8+wp7",
    "profile5": "net40+win8",
    "profile6": "net403+win8",
    "profile7": "net45+win8",
    "profile14": "net40+sl5",
    "profile18": "net403+sl4",
    "profile19": "net403+sl5",
    "profile23": "net45+sl4",
    "profile24": "net45+sl5",
    "profile31": "win81+wp81",
    "profile32": "win81+wpa81",
    "profile36": "net40+sl4+win8+wp8",
    "profile37": "net40+sl5+win8",
    "profile41": "net403+sl4+win8",
    "profile42": "net403+sl5+win8",
    "profile44": "net451+win81",
    "profile46": "net45+sl4+win8",
    "profile47": "net45+sl5+win8",
    "profile49": "net45+wp8",
    "profile78": "net45+win8+wp8",
    "profile84": "wp81+wpa81",
    "profile88": "net40+sl4+win8+wp75",
    "profile92": "net40+win8+wpa81",
    "profile95": "net403+sl4+win8+wp7",
    "profile96": "net403+sl4+win8+wp75",
    "profile102": "net403+win8+wpa81",
    "profile104": "net45+sl4+win8+wp75",
    "profile111": "net45+win8+wpa81",
    "profile136": "net40+sl5+win8+wp8",
    "profile143": "net403+sl4+win8+wp8",
    "profile147": "net403+sl5+win8+wp8",
    "profile151": "net451+win81+wpa81",
    "profile154": "net45+sl4+win8+wp8",
    "profile157": "win81+wp81+wpa81",
    "profile158": "net45+sl5+win8+wp8",
    "profile225": "net40+sl5+win8+wpa81",
    "profile240": "net403+sl5+win8+wpa81",
    "profile255": "net45+sl5+win8+wpa81",
    "profile259": "net45+win8+wp8+wpa81",
    "profile328": "net40+sl5+win8+wp8+wpa81",
    "profile336": "net403+sl5+win8+wp8+wpa81",
    "profile344": "net45+sl5+win8+wp8+wpa81",
}  # what each stood for, as NuGet.Frameworks lists it, without the optional Xamarin ones

_DOTS = r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,3}"
_NAME = re.compile(rf"([A-Za-z.]+)({_DOTS}|[0-9]{{1,4}})?(?:-([A-Za-z0-9.+-]+))?")
_LONG_VERSION = re.compile(rf"[vV]?({_DOTS}|[0-9]{{1,9}})")
_PLATFORM = re.compile(rf"([a-z]+)({_DOTS}|[0-9]{{1,9}})")


def short_framework(text: str) -> str:
    """The short name of a target framework: ``net472``, ``netstandard2.0``, ``net8.0-windows10.0.19041``.

    Takes short and long names, in any letter case. What is no framework that NuGet knows comes back
    untouched: packages name whatever they like. Blank text and ``any`` are "", no framework in particular.
    """
    return _known_short(text) if len(text) <= _USUAL_LENGTH else _short(text)


_USUAL_LENGTH = 64  #: characters; what is remembered must not become large


def _short(text: str) -> str:
    name = text.strip()
    if name.lower() in ("", "any"):
        return ""
    if name in _BARE_VERSIONS:
        name = f"net{name}"
    return (_fold_long(name) if "," in name else _fold_short(name)) or text


_known_short = lru_cache(maxsize=1024)(_short)  # packages of one feed name the same few


def _fold_short(name: str) -> str | None:
    """Fold ``net4.7.2-client`` or ``.NETFramework4.7.2-Client``."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    stem, version, suffix = match.groups("")
    numbers = version.split(".") if "." in version else version  # 472 is 4.7.2: a digit is a number
    return _fold(stem, [*map(int, numbers)], suffix)


def _fold_long(name: str) -> str | None:
    """Fold ``.NETFramework,Version=v4.7.2,Profile=Client``."""
    stem, *details = (part.strip() for part in name.split(","))
    facts = {
        key.strip().lower(): value.strip() for key, _, value in (detail.partition("=") for detail in details)
    }
    version = _LONG_VERSION.fullmatch(facts.get("version", "0"))
    if not version:
        return None
    return _fold(stem, [*map(int, version[1].split("."))], facts.get("profile", ""))


def _fold(stem: str, numbers: list[int], suffix: str) -> str | None:
    short = _STEMS.get(stem.lower())
    if short is None:
        return None
    if short == "netcoreapp" and numbers[:1] >= [5]:
        short = "net"  # .NET Core dropped its last name with version 5
    if short == "portable":
        suffix = _fold_portable(suffix)
        if not suffix:
            return None
    elif short == "net" and numbers[:1] >= [5]:
        suffix = _fold_platform(suffix.lower())
    else:
        suffix = _SHORT_PROFILES.get((short, suffix.lower()), suffix.lower())
    return f"{short}{_fold_version(short, numbers)}{'-' if suffix else ''}{suffix}"


def _fold_version(short: str, numbers: list[int]) -> str:
    if not any(numbers):
        return ""  # all versions of it
    kept = _without_zeros(numbers, 1 if short in _SINGLE_NUMBER else 2)
    if short in _DOTTED or max(kept) > 9 or (short == "net" and kept[0] >= 5):
        return ".".join(map(str, kept if len(kept) > 1 else [*kept, 0]))
    return "".join(map(str, kept))


def _fold_platform(platform: str) -> str:
    """``windows10.0.19041.0`` is ``windows10.0.19041``, and ``windows7`` is ``windows7.0``."""
    match = _PLATFORM.fullmatch(platform)
    if not match:
        return platform
    return match[1] + ".".join(map(str, _without_zeros([*map(int, match[2].split("."))], 2)))


def _fold_portable(profile: str) -> str:
    """What ``Profile259`` stood for, or ``wp8+net4.5`` in order; "" for what never was a portable profile."""
    known = profile.lower()
    if "-" in known:
        return ""  # a part has no profile of its own, so that portables do not nest
    if known.startswith("profile"):
        return _PORTABLE_PROFILES.get(known, "")
    return "+".join(sorted(short_framework(part) for part in known.split("+")))


def _without_zeros(numbers: list[int], at_least: int) -> list[int]:
    """Its numbers without zeros at the end, but filled up to ``at_least``."""
    kept = numbers + [0] * (at_least - len(numbers))
    while len(kept) > at_least and kept[-1] == 0:
        kept.pop()
    return kept
