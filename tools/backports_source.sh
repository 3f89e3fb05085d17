#!/bin/sh
# Prints the apt source that adds the backports suite of a Debian release, taking the mirror and
# its key from the entry for that release which this machine already has.
#
# usage: tools/backports_source.sh CODENAME [APT_DIRECTORY]
# Prints nothing when the suite is enabled already; exit status 1 when there is no entry to copy.
set -eu

codename=${1:?usage: backports_source.sh CODENAME [APT_DIRECTORY]}
apt_directory=${2:-/etc/apt}

set --
for file in "$apt_directory"/sources.list "$apt_directory"/sources.list.d/*.sources \
    "$apt_directory"/sources.list.d/*.list; do
    [ ! -r "$file" ] || set -- "$@" "$file"
done
if [ $# -eq 0 ]; then
    echo "no apt sources in $apt_directory" >&2
    exit 1
fi

# Both formats, one-line (*.list) and deb822 (*.sources; see sources.list(5)), are reduced to calls
# of entry(). Third parties publish suites named after a Debian release as well, so a mirror that
# also carries CODENAME-updates is preferred, then one whose path ends in "debian".
exec awk -v codename="$codename" '
function has(list, word) { return index(" " list " ", " " word " ") > 0 }

function entry(uris, suites, components, key,    n, i, uri, list) {
    gsub(/[ \t\n]+/, " ", uris); gsub(/[ \t\n]+/, " ", suites); gsub(/[ \t\n]+/, " ", components)
    if (!has(components, "main")) return
    if (has(suites, codename "-backports")) enabled = 1
    n = split(uris, list, " ")
    for (i = 1; i <= n; i++) {
        uri = list[i]
        sub(/\/+$/, "", uri)
        if (uri ~ /^cdrom:/) continue
        if (has(suites, codename "-updates")) updates[uri] = 1
        if (has(suites, codename) && !(uri in keys)) {
            mirrors[++count] = uri
            keys[uri] = key
        }
    }
}

function one_line(    key, components, i) {
    sub(/#.*/, "")
    if ($1 != "deb" || $2 ~ /^cdrom:/) return
    sub(/^[ \t]*deb[ \t]+/, "")
    if (match($0, /^\[[^]]*\]/)) {
        if (match($0, /signed-by=[^] \t]+/)) key = " " substr($0, RSTART + 10, RLENGTH - 10)
        sub(/^\[[^]]*\]/, "")
    }
    for (i = 3; i <= NF; i++) components = components " " $i
    entry($1, $2, components, key)
}

function end_of_stanza() {
    if (has(value["types"], "deb") && tolower(value["enabled"]) !~ /no|false|without|off|disable|0/)
        entry(value["uris"], value["suites"], value["components"], value["signed-by"])
    split("", value)
    field = ""
}

FNR == 1 { end_of_stanza() }
FILENAME !~ /\.sources$/ { one_line(); next }
/^#/ { next }
/^[ \t]*$/ { end_of_stanza(); next }
/^[ \t]/ { value[field] = value[field] "\n" $0; next }
{
    colon = index($0, ":")
    field = tolower(substr($0, 1, colon - 1))
    value[field] = substr($0, colon + 1)
}

END {
    end_of_stanza()
    if (enabled) exit 0
    for (i = 1; i <= count; i++) {
        uri = mirrors[i]
        score = 1 + (uri ~ /\/debian$/) + 2 * (uri in updates)
        if (score > best) { best = score; chosen = uri }
    }
    if (!best) {
        print "no apt source of " codename " main to copy" > "/dev/stderr"
        exit 1
    }
    print "Types: deb"
    print "URIs: " chosen
    print "Suites: " codename "-backports"
    print "Components: main"
    if (keys[chosen] != "") print "Signed-By:" keys[chosen]
}
' "$@"
