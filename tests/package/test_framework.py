"""Target frameworks under their many names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.package.framework import short_framework

NAMES = {
    "net20": [
        "net20",
        "net2.0",
        "NET20",
        "net2",
        ".NETFramework2.0",
        ".NETFramework,Version=v2.0",
        "2.0",
        "20",
    ],
    "net35-client": ["net35-client", "net35-Client", ".NETFramework,Version=v3.5,Profile=Client"],
    "net35-cf": ["net35-cf", "net35-CompactFramework", ".NETFramework3.5-CompactFramework"],
    "net40": ["net40", "net4", "4.0", "40", ".NETFramework4.0", "net40-full", ".NETFramework4.0-Full"],
    "net403": ["net403", "net4.0.3", ".NETFramework,Version=v4.0.3"],
    "net45": [" net45 ", "net4.5", "net450", ".NETFramework, Version=4.5", "NETFramework45", ".NET4.5", "45"],
    "net472": ["net472", "net4.7.2", ".NETFramework4.7.2", ".NETFramework,Version=v4.7.2", "net4.7.2.0"],
    "net472-client": [".NETFramework,Version=v4.7.2,Profile=Client", ".NETFramework4.7.2-Client"],
    "net": ["net", ".NETFramework", ".NETFramework,Version=v0.0", "net0.0"],
    "net5.0": ["net5.0", "net50", "net5", "netcoreapp5.0", ".NETCoreApp5.0", ".NETCoreApp,Version=v5.0"],
    "net8.0": ["net8.0", "net8", "NET8.0", ".NETCoreApp,Version=v8.0", ".NETCoreApp8.0"],
    "net10.0": ["net10.0", ".NETCoreApp,Version=v10.0", ".NETCoreApp,Version=v10"],
    "net6.0-windows": ["net6.0-windows", "net6.0-Windows"],
    "net6.0-windows7.0": ["net6.0-windows7.0", "net6.0-windows7", ".NETCoreApp6.0-windows7.0"],
    "net8.0-windows10.0.19041": ["net8.0-windows10.0.19041", "net8.0-windows10.0.19041.0"],
    "net8.0-ios17.2": ["net8.0-ios17.2"],
    "netstandard": ["netstandard", ".NETStandard"],
    "netstandard1.0": ["netstandard1.0", "netstandard10", "netstandard1", ".NETStandard1.0"],
    "netstandard2.0": ["netstandard2.0", ".NETStandard2.0", ".NETStandard,Version=v2.0", "netstandard20"],
    "netstandard2.1": [".NETStandard,Version=v2.1"],
    "netcoreapp1.0": ["netcoreapp1.0", "netcoreapp10", ".NETCoreApp1.0"],
    "netcoreapp3.1": ["netcoreapp3.1", "netcoreapp31", ".NETCoreApp,Version=v3.1"],
    "netcore45": ["netcore45", ".NETCore4.5", ".NETCore,Version=v4.5"],
    "netcore50": [".NETCore,Version=v5.0"],
    "sl4": ["sl4", "sl40", "Silverlight4.0", "Silverlight,Version=v4.0"],
    "sl3-wp": ["sl3-wp", "Silverlight,Version=v3.0,Profile=WindowsPhone"],
    "sl4-wp71": ["sl4-windowsphone71", "Silverlight4.0-WindowsPhone71"],
    "sl5": ["sl5", "Silverlight,Version=v5.0"],
    "wp8": ["wp8", "wp80", "WindowsPhone8.0", "WindowsPhone,Version=v8.0"],
    "wp71": ["wp71", "wp7.1", "WindowsPhone,Version=v7.1"],
    "wpa81": ["wpa81", "WindowsPhoneApp8.1", "WindowsPhoneApp,Version=v8.1"],
    "win": ["win", "Windows", "Windows,Version=v0.0"],
    "win8": ["win8", "win80", "Windows8.0", "Windows,Version=v8.0"],
    "win81": ["win81", "Windows8.1"],
    "win10.0": ["Windows,Version=v10.0"],
    "uap": ["uap", "UAP"],
    "uap10.0": ["uap10.0", "UAP10.0", "UAP,Version=v10.0"],
    "uap10.0.15063": ["uap10.0.15063", "UAP,Version=v10.0.15063.0"],
    "monoandroid": ["MonoAndroid", "MonoAndroid0.0"],
    "monoandroid10": ["MonoAndroid1.0", "monoandroid1", "MonoAndroid,Version=v1.0"],
    "monoandroid10.0": ["MonoAndroid10.0", "MonoAndroid,Version=v10.0"],
    "monoandroid90": ["monoandroid90", "MonoAndroid9.0"],
    "monotouch10": ["MonoTouch1.0", "MonoTouch,Version=v1.0"],
    "xamarinios": ["xamarinios", "Xamarin.iOS"],
    "xamarinios10": ["xamarinios10", "Xamarin.iOS1.0", "Xamarin.iOS,Version=v1.0"],
    "xamarinmac20": ["xamarinmac20", "Xamarin.Mac2.0"],
    "tizen40": ["tizen40", "Tizen4.0"],
    "dnx451": ["dnx451", "DNX4.5.1"],
    "dnxcore50": ["dnxcore50", "DNXCore5.0"],
    "aspnet50": ["aspnet50", "ASP.NET5.0"],
    "dotnet5.4": ["dotnet5.4", "dotnet54", ".NETPlatform5.4"],
    "netnano1.0": ["netnano1.0", ".NETnanoFramework1.0", ".NETnanoFramework,Version=v1.0"],
    "native": ["native", "Native", "native0.0"],
    "unsupported": ["unsupported", "Unsupported", "Unsupported,Version=v0.0"],
    "portable-net45+win8": ["portable-net45+win8", "portable-win8+net45", ".NETPortable0.0-Profile7"],
    "portable45-net45+win8+wp8+wpa81": [".NETPortable,Version=v4.5,Profile=Profile259"],
    "portable-net40+sl5+win8+wp8+wpa81": [
        ".NETPortable0.0-Profile328",
        "portable-NET4+SL5+Windows8+WPA81+wp8",
    ],
    "": ["", " \n", "any", "Any"],
}


@pytest.mark.parametrize(
    ("name", "short"), [(name, short) for short, names in NAMES.items() for name in [short, *names]]
)
def test_the_names_of_one_framework_fold_to_its_short_name(name, short):
    assert short_framework(name) == short


@pytest.mark.parametrize(
    "name",
    [
        "foo",
        "Foo,Version=v1.0",
        "net4.x",
        "net1.2.3.4.5",
        "net45-",
        "net 45",
        "net4٥",
        "net45|net46",
        "net" + "9" * 5000,
        "portable",
        "portable-net45+win8-client",
        "portable-" * 5000 + "net45",
        ".NETPortable,Version=v4.5,Profile=Profile9999",
        ".NETFramework,Version=vFive",
        ".NETFramework,Version=v" + "9" * 5000,
        ",",
        ",,Version=",
        "\u202enet45",
        "9.0",
    ],
)
def test_what_is_no_framework_passes_through_untouched(name):
    assert short_framework(name) == name


@given(st.one_of(st.text(max_size=30), st.text(alphabet=".netNETF45,v=+-Pportable0 ", max_size=30)))
def test_folding_twice_changes_nothing_more(name):
    short = short_framework(name)

    assert short_framework(short) == short
