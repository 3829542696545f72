#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --help is what the program itself says; the manual, the completions and the README have to agree with it.

load helper

manual=man/ipvs-iso.8
format_manual=man/ipvs-iso-snapshot.5

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	# A command that nothing else is called, and a file.
	mkdir "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/home"
	printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/bin/wrapped-command"
	chmod +x "$BATS_TEST_TMPDIR/bin/wrapped-command"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# ---- what --help says ----

help_commands() {
	ipvs-iso --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# help_options COMMAND: "-k, --kernel auto|host|uml", one a line.
help_options() {
	ipvs-iso "$1" --help | sed -nE 's/^ {2,6}((-., )?--[a-z-]+( [^ ]+)?).*/\1/p'
}

# help_option_names COMMAND: "-k" and "--kernel", one a line.
help_option_names() {
	help_options "$1" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^-/) { sub(/,$/, "", $i); print $i } }'
}

# The classes that --fail-on takes.
help_classes() {
	ipvs-iso run --help | tr -s ' \n' ' ' | sed 's/.*which residue fails the run: //; s/; default.*//; s/, /\n/g'
}

@test "--help fits a terminal of 80 columns" {
	local command
	for command in '' $(help_commands); do
		# shellcheck disable=SC2086 # none, or one
		assert_same '' "$(ipvs-iso $command --help | grep -nE '.{81}| $')"
	done
	assert_same '' "$(make -s help | grep -E '.{81}')"
}

# ---- what the manual says ----

# As plain text. Lines are not broken before 200 columns.
render() {
	mandoc -Tascii -Owidth=200 "$1" 2>/dev/null | sed 's/.\x08//g'
}

# manual_section FILE SECTION [SUBSECTION]
manual_section() {
	render "$1" | awk -v section="$2" -v subsection="${3-}" '
		/^[^ ]/ { inside = $0 == section; within = subsection == "" }
		/^   [^ ]/ { if (subsection != "") within = $0 == "   " subsection }
		inside && within'
}

manual_commands() {
	manual_section $manual COMMANDS | sed -n 's/^   \([a-z]*\)$/\1/p'
}

# manual_options COMMAND: as help_options.
manual_options() {
	{ manual_section $manual COMMANDS "$1"; manual_section $manual 'COMMON OPTIONS'; } |
		sed -nE 's/^     ((-., )?--[a-z-]+( [^ ]+)?)(  .*)?$/\1/p'
}

@test "the manual describes every command of --help, and no other" {
	[ "$(help_commands | wc -l)" -ge 8 ]
	assert_same "$(help_commands)" "$(manual_commands)"
}

@test "the manual's synopsis has every command's usage as --help has it" {
	local usages
	usages=$(for command in $(help_commands); do ipvs-iso "$command" --help | sed -n 's/^Usage: \(.*[^ ]\) *$/\1/p'; done)
	assert_same "$usages" "$(manual_section $manual SYNOPSIS | sed -n 's/^     //p')"
}

@test "the manual describes every option of every command, in the order of --help, and no other" {
	for command in $(help_commands); do
		[ "$(help_options "$command" | wc -l)" -ge 4 ]
		echo "of $command:"
		assert_same "$(help_options "$command")" "$(manual_options "$command")"
	done
}

@test "the manual has an example of every command" {
	local examples
	examples=$(manual_section $manual EXAMPLES)
	for command in $(help_commands); do
		assert_contains "$examples" "ipvs-iso $command"
	done
}

@test "the manual has the exit statuses of run that --help has" {
	local statuses
	statuses=$(ipvs-iso run --help | sed -nE 's/^  (([0-9, ]+[0-9]|[0-9])|else)  .*/\1/p' | sort)
	assert_contains $'\n'"$statuses"$'\n' $'\n0\n' $'\n123\n' '126, 127' else
	assert_same "$statuses" "$(manual_section $manual 'EXIT STATUS' | sed -nE 's/^     (([0-9, ]+[0-9]|[0-9])|else)(  .*)?$/\1/p' | sort)"
}

@test "the manual describes the classes of residue that --fail-on takes" {
	assert_same "$(help_classes | grep -vxE 'all|none')" \
		"$(manual_section $manual RESIDUE | sed -nE 's/^     ([a-z]+)(  .*)?$/\1/p')"
	# --fail-on is looked at before the kernel is: what is wrong here is only that there is no command.
	run ipvs-iso run --fail-on "$(help_classes | paste -sd,)"
	[ "$status" -eq 125 ]
	assert_contains "$output" 'no command given'
}

@test "the manual describes the environment variables that the program reads, and no other" {
	local used
	used=$(grep -ohE '"IPVS_ISO_[A-Z_]+"|getenv\("[A-Z_]+"\)|"SUDO_[GU]ID"' -r cmd src | tr -cd 'A-Z_\n' | sort -u)
	assert_contains "$used" IPVS_ISO_KERNEL NO_COLOR TERM
	# Those that are about one thing stand together: "HOME, XDG_CONFIG_HOME".
	assert_same "$used" "$(manual_section $manual ENVIRONMENT | sed -nE 's/^     ([A-Z_, ]+)(  .*)?$/\1/p' |
		tr -s ', ' '\n' | sort)"
}

@test "the manuals have nothing that mandoc objects to" {
	# What is installed on this machine beside them is not their fault.
	assert_same '' "$(mandoc -Tlint -Wstyle $manual $format_manual 2>/dev/null | grep -v 'referenced manual not found')"
}

@test "the manual of snapshots describes every key of the schema, and no other" {
	local keys
	keys=$(/usr/bin/python3 - share/schema/snapshot.schema.json <<-'PYTHON'
		import json, sys
		schema = json.load(open(sys.argv[1]))
		keys = set(schema["properties"])
		for name in "timeouts", "daemon", "service", "destination", "tunnel":
		    keys |= set(schema["$defs"][name]["properties"])
		print("\n".join(sorted(keys)))
	PYTHON
	)
	assert_contains "$keys" upper_threshold sync_id
	# Some have an entry of their own, others stand in another's text.
	for key in $keys; do
		assert_contains "$(grep -E '^\.(It )?Ql ' $format_manual)" "Ql $key"
	done
	assert_same '' "$(sed -n 's/^\.It Ql //p' $format_manual | grep -vxF "$keys")"
}

@test "the snapshot in the manual is one" {
	local example=$BATS_TEST_TMPDIR/example.json
	render $format_manual | sed -n '/^EXAMPLES/,/^     }$/p' | sed -n '/{/,$p' >"$example"
	[ "$(wc -l <"$example")" -gt 10 ]
	ipvs-iso diff "$example" "$example"
	/usr/bin/python3 -c 'import json, jsonschema, sys
jsonschema.validate(*(json.load(open(name)) for name in sys.argv[1:]))' "$example" share/schema/snapshot.schema.json
	# And the mistake that it shows is found where it says.
	sed 's/^     //; s/scheduler/schedular/' "$example" >"$BATS_TEST_TMPDIR/typo.json"
	cd "$BATS_TEST_TMPDIR"
	run ipvs-iso diff typo.json typo.json
	assert_contains "$(render "$BATS_TEST_DIRNAME/../../$format_manual")" "     ${lines[0]}"
}

# ---- the README ----

# The command lines of ours in README.md, and the words in `code`, one a line.
readme_code() {
	sed -nE 's/^    (build\/|\$ )*(ipvs-iso .*)/\2/p' README.md
	grep -v '^    ' README.md | grep -oE "\`[^\`]+\`" | tr -d "\`"
}

@test "the README names commands that there are" {
	local named
	named=$(readme_code | sed -nE 's/^ipvs-iso ([a-z]+).*/\1/p' | sort -u)
	assert_contains "$named" run snapshot recover
	assert_same '' "$(grep -vxF "$(help_commands)" <<<"$named")"
}

@test "the README gives commands the options that they have" {
	local line command option found=0
	while read -r line; do
		command=$(sed -nE 's/^ipvs-iso ([a-z]+).*/\1/p' <<<"$line")
		while read -r option; do
			found=$((found + 1))
			echo "$option in: $line"
			for command in ${command:-$(help_commands)}; do help_option_names "$command"; done |
				grep -qxF -e "$option"
		done < <(grep -oE '(^| )--?[a-z][a-z-]*' <<<"$line")
	done < <(readme_code | grep -E '^(ipvs-iso |-)' | sed "s/ #.*//; s/ -- .*//; s/'[^']*'//g")
	[ $found -gt 5 ]
}

@test "the README shows the demo's own command" {
	assert_contains "$(cat README.md)" "build/ipvs-iso run --unit clean --unit leaves-service --unit leaves-daemon -- bats 'share/examples/leaky/{}'"
	for package in share/examples/leaky/*/; do
		assert_contains "$(cat README.md)" "--unit $(basename "$package")"
	done
}

# ---- ARCHITECTURE.md ----

# architecture_section HEADING
architecture_section() {
	awk -v heading="## $1" '/^## / { inside = $0 == heading } inside' ARCHITECTURE.md
}

@test "the files, folders and functions that ARCHITECTURE.md names are there" {
	local name found=0
	while read -r name; do
		found=$((found + 1))
		echo "$name"
		case $name in
		*\(\)) grep -rqwF -e "${name%??}" cmd src share ;;
		test_*) [ -e "tests/unit/${name%.c}.c" ] ;;
		*.bats) [ -e "tests/bats/$name" ] ;;
		# Some stand beside what they are about, without their folder.
		*.[ch]) [ -n "$(compgen -G "$name"; compgen -G "src/$name"; compgen -G "src/*/$name"; compgen -G "cmd/$name")" ] ;;
		*) [ -e "$name" ] || [ -e "$name.c" ] ;;
		esac
	done < <(grep -oE -e '\b(src|cmd|tests|share)/[A-Za-z_/-]*[a-z]\b(\.[a-z]+)*|[A-Za-z_/-]+\.(c|h|bats)\b' \
		-e '\b(test_[a-z_]+|[a-z_]+\(\))' ARCHITECTURE.md | sort -u)
	[ $found -gt 100 ]
}

@test "each folder of src is in ARCHITECTURE.md's list, and uses only those above it" {
	local folder used above=' '
	while read -r folder; do
		above+="$folder "
		while read -r used; do
			echo "src/$folder uses $used"
			[[ $above == *" $used "* ]]
		done < <(cat "src/$folder"/*.[ch] | sed -nE 's|^#include "(.*)/.*|\1|p' | sort -u)
	done < <(architecture_section Folders | sed -nE 's/^\| `src\/([a-z]+)\/`.*/\1/p')
	assert_same "$(basename -a src/*/)" "$(tr -s ' ' '\n' <<<"$above" | sed '/^$/d' | sort)"
}

@test "every test that ARCHITECTURE.md names for a promise is there" {
	/usr/bin/python3 - <<-'PYTHON'
		import pathlib, re, sys
		promises = pathlib.Path("ARCHITECTURE.md").read_text().split("\n## Promises")[1].split("\n## ")[0]
		rows = re.findall(r"^\| .* \| (.*) \|$", promises, re.M)
		missing, found = [], 0
		for row in rows:
		    names = []
		    for file, quoted in re.findall(r"`([^`]+)`|\"([^\"]+)\"", row):
		        if file.endswith(".bats"):
		            names = re.findall(r'^@test "(.*)" {$', pathlib.Path("tests/bats", file).read_text(), re.M)
		        elif file.startswith("test_"):
		            text = pathlib.Path("tests/unit", file.removesuffix(".c") + ".c").read_text()
		            names = re.findall(r"^static void (\w+)\(void", text, re.M)
		            names += [name.replace("_", " ") for name in names]
		        elif quoted:
		            found += 1
		            wanted = ".*".join(map(re.escape, quoted.split("...")))
		            if not any(re.search(wanted, name.replace('\\', '')) for name in names):
		                missing.append(quoted)
		assert found > 50, found
		sys.exit("no such test: " + "; ".join(missing) if missing else 0)
	PYTHON
}

# ---- completions: what a shell offers for a command line that ends where the cursor is ----

# "LINE^BEHIND" is a line with the cursor within; fish shows its completions nothing of what is behind that.

# Through the function that the script registers; with the words that bash would make of the line.
offered_by_bash() {
	bash --norc -s -- "$1" "${bash_completion-}" <<-'BASH'
		[ -z "$2" ] || . "$2"
		. completions/ipvs-iso.bash
		read -r _ _ function _ < <(complete -p ipvs-iso)
		line=${1%%^*} behind=${1#"${1%%^*}"}
		read -ra COMP_WORDS <<<"${line//=/ = }"
		case $line in *[\ =]) COMP_WORDS+=('') ;; esac
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line${behind#^} COMP_POINT=${#line}
		read -ra behind <<<"${behind#^}"
		COMP_WORDS+=("${behind[@]}")
		"$function" ipvs-iso "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
	BASH
}

# What a bash at a prompt makes of the last word before the cursor, when Tab is pressed.
inserted_by_bash() {
	local folder=$BATS_TEST_TMPDIR/home
	cat >"$folder/bashrc" <<-'BASH'
		PS1='<ready>'
		bind 'set enable-bracketed-paste off'
		. completions/ipvs-iso.bash
		show() { printf '%s' "${READLINE_LINE:0:READLINE_POINT}" >"$ZDOTDIR/inserted"; printf '<end>'; }
		bind -x '"\C-x": show'
	BASH
	ZDOTDIR=$folder TERM=dumb timeout 30 zsh -f -s -- "$1" <<-'ZSH'
		zmodload zsh/zpty
		zpty inner bash --rcfile $ZDOTDIR/bashrc -i
		zpty -r inner ignored '*<ready>*'
		typed=${1/^}
		zpty -w -n inner "$typed"${(pl:$#typed - ${#1%%^*}::\C-b:)}$'\t\C-x'
		zpty -r inner ignored '*<end>*'
	ZSH
	sed 's/ *$//; s/.* //' "$folder/inserted"
}

offered_by_fish() {
	# shellcheck disable=SC2016 # fish expands it
	HOME=$BATS_TEST_TMPDIR/home XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/home fish -c '
		source completions/ipvs-iso.fish
		complete -C "$argv[1]"' "$1" | cut -f1
}

# By a zsh of its own on a terminal of its own, where Tab writes down what is handed to compadd.
offered_by_zsh() {
	local folder=$BATS_TEST_TMPDIR/home
	cat >"$folder/.zshrc" <<-'ZSH'
		PS1= PROMPT_EOL_MARK=
		unsetopt beep
		fpath=($PWD/completions $fpath)
		autoload -Uz compinit && compinit -u -D
		compadd() {
			local -a candidates
			# Some only ask which candidates there would be, and get them in an array.
			if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
				builtin compadd -A candidates "$@"
				print -rl -- $candidates >>$ZDOTDIR/candidates
			fi
			builtin compadd "$@"
		}
		note_candidates() { _main_complete; compstate[insert]= compstate[list]=; print -n '<end>' }
		zle -C note-candidates complete-word note_candidates
		bindkey '^I' note-candidates
		print -n '<ready>'
	ZSH
	: >"$folder/candidates"
	ZDOTDIR=$folder TERM=dumb timeout 30 zsh -f -s -- "$1" <<-'ZSH'
		zmodload zsh/zpty
		zpty inner zsh -i
		zpty -r inner ignored '*<ready>*'
		typed=${1/^}
		# What is behind the cursor, it is moved back over.
		zpty -w -n inner "$typed"${(pl:$#typed - ${#1%%^*}::\C-b:)}$'\t'
		zpty -r inner ignored '*<end>*'
	ZSH
	sed 's/ *$//; /^$/d' "$folder/candidates"
}

# offers SHELL LINE CANDIDATES: exactly these, one a line, in any order.
offers() {
	echo "$1: $2<Tab>"
	assert_same "$(sort -u <<<"$3")" "$("offered_by_$1" "$2" | sort -u)"
}

# offers_also SHELL LINE CANDIDATE: beside others.
offers_also() {
	echo "$1: $2<Tab>: $3"
	"offered_by_$1" "$2" | grep -qxF -e "$3"
}

never_offers() {
	echo "$1: $2<Tab>: not $3"
	! "offered_by_$1" "$2" | grep -qxF -e "$3"
}

# offers_what_help_says SHELL
offers_what_help_says() {
	local command option choices
	offers "$1" 'ipvs-iso ' "$(help_commands)"
	offers "$1" 'ipvs-iso re' "$(help_commands | grep ^re)"
	offers "$1" 'ipvs-iso -' "$(printf '%s\n' -h --help -V --version)"
	for command in $(help_commands); do
		offers "$1" "ipvs-iso $command -" "$(help_option_names "$command")"
		# Values that --help lists: "-k, --kernel auto|host|uml", without what may be added to one: "[:SEED]".
		while read -r option choices; do
			offers "$1" "ipvs-iso $command $option " "${choices//|/$'\n'}"
		done < <(help_options "$command" | sed -nE 's/\[[^]]*\]//g; s/.*(--[a-z-]+) ([^ ]+\|[^ ]+)$/\1 \2/p')
	done
}

# offers_classes SHELL
offers_classes() {
	offers "$1" 'ipvs-iso run --fail-on ' "$(help_classes)"
	# The second of a list; some shells offer the list, some only what comes next.
	"offered_by_$1" 'ipvs-iso run --fail-on services,sys' | grep -qxE '(services,)?sysctl'
}

# offers_conditions SHELL
offers_conditions() {
	offers "$1" 'ipvs-iso wait --until ' "$(printf '%s\n' equals= contains= services=)"
	# Some shells offer the whole word, some only what comes next.
	"offered_by_$1" 'ipvs-iso wait -s 1s -u equals=READ' | grep -qxE '(equals=)?README.md'
}

# offers_users SHELL
offers_users() {
	offers_also "$1" 'ipvs-iso run --user ' nobody
	offers "$1" 'ipvs-iso run --user nobod' nobody
	never_offers "$1" 'ipvs-iso run --user ' README.md
}

# offers_files SHELL
offers_files() {
	local line
	for line in 'restore' 'check' 'diff' 'diff live' 'diff -f json' 'snapshot -o' 'run --fixture' 'run --unit' \
		'report -o'; do
		offers "$1" "ipvs-iso $line README." README.md
	done
	offers_also "$1" 'ipvs-iso diff ' live
	for line in flush savepoint status recover; do
		never_offers "$1" "ipvs-iso $line " README.md
	done
}

# offers_units SHELL: where {} stands in a command behind the cursor, what can take its place.
offers_units() {
	offers "$1" "ipvs-iso run --unit leaves-s^ -- bats 'share/examples/leaky/{}'" leaves-service
	offers "$1" "ipvs-iso run --unit ^ -- bats 'share/examples/leaky/{}/'" "$(basename -a share/examples/leaky/*/)"
	offers "$1" "ipvs-iso run --unit READ^ -- bats '{}.md'" README
	offers "$1" "ipvs-iso run --unit ^ -- bats 'no-such-folder/{}.bats'" ''
	offers "$1" 'ipvs-iso run --unit README.^ -- wrapped-command' README.md
}

# offers_reports SHELL: where a report goes, by its ending, and where it comes from.
offers_reports() {
	offers "$1" 'ipvs-iso run --report R' "$(printf '%s\n' README.md R.html R.json R.md R.tap R.txt R.xml)"
	offers "$1" 'ipvs-iso run --report R.h' R.html
	offers "$1" 'ipvs-iso run --report ci/new.x' ci/new.xml
	offers "$1" 'ipvs-iso run --report gith' "$(printf '%s\n' github gith.html gith.json gith.md gith.tap gith.txt gith.xml)"
	offers_also "$1" 'ipvs-iso run --report ' github
	# Some shells offer the whole word, some only what comes next.
	"offered_by_$1" 'ipvs-iso report share/schema/res' | grep -qxE '(share/schema/)?result.schema.json'
	"offered_by_$1" 'ipvs-iso report tests/fixtures/resul' | grep -qxE '(tests/fixtures/)?results/?'
	never_offers "$1" 'ipvs-iso report ' README.md
}

# offers_wrapped_command SHELL
offers_wrapped_command() {
	local line
	for line in 'run' 'run --' 'run -k uml' 'run --keep --unit a --'; do
		offers "$1" "ipvs-iso $line wrapped-c" wrapped-command
		offers "$1" "ipvs-iso $line wrapped-command README." README.md
		never_offers "$1" "ipvs-iso $line wrapped-command --ke" --keep
	done
	offers "$1" 'ipvs-iso run --units-from wrapped-c' wrapped-command
}

# offers_wrapped_completion SHELL: what the wrapped command's own completion offers.
offers_wrapped_completion() {
	local line
	for line in 'run' 'run --' 'run -k uml' 'run -k uml --'; do
		offers "$1" "ipvs-iso $line ipvs-iso flu" flush
		offers "$1" "ipvs-iso $line ipvs-iso diff -f " "$(printf '%s\n' json text)"
	done
}

@test "bash offers the commands, options and values of --help, and no other" {
	offers_what_help_says bash
	offers bash 'ipvs-iso run --kernel=' "$(offered_by_bash 'ipvs-iso run --kernel ')"
}

@test "bash offers the classes of residue" {
	offers_classes bash
}

@test "bash offers what can be waited for" {
	offers_conditions bash
}

@test "bash offers users where one is wanted" {
	offers_users bash
}

@test "bash offers files where they are wanted" {
	offers_files bash
}

@test "bash offers units for the place of {}" {
	offers_units bash
}

@test "bash offers reports by their endings, and results" {
	offers_reports bash
}

@test "bash completes the command that run wraps" {
	offers_wrapped_command bash
	bash_completion=/usr/share/bash-completion/bash_completion offers_wrapped_completion bash
}

@test "bash at its prompt puts in what is offered" {
	local line
	while read -r line; do
		echo "$line"
		assert_same "${line##* => }" "$(inserted_by_bash "${line% => *}")"
	done <<-'LINES'
		ipvs-iso run --unit leaves-s^ -- bats 'share/examples/leaky/{}' => leaves-service
		ipvs-iso run --unit=leaves-s^ -- bats 'share/examples/leaky/{}' => --unit=leaves-service
		ipvs-iso run --kernel=um => --kernel=uml
		ipvs-iso run --report ci/new.x => ci/new.xml
		ipvs-iso run --report=ci/new.x => --report=ci/new.xml
		ipvs-iso run --fail-on services,sys => services,sysctl
		ipvs-iso wait --until con => contains=
		ipvs-iso wait --until contains=READ => contains=README.md
		ipvs-iso report tests/fixtures/resul => tests/fixtures/results/
	LINES
}

@test "zsh offers the commands, options and values of --help, and no other" {
	offers_what_help_says zsh
}

@test "zsh offers the classes of residue" {
	offers_classes zsh
}

@test "zsh offers what can be waited for" {
	offers_conditions zsh
}

@test "zsh offers users where one is wanted" {
	offers_users zsh
}

@test "zsh offers files where they are wanted" {
	offers_files zsh
}

@test "zsh offers units for the place of {}" {
	offers_units zsh
}

@test "zsh offers reports by their endings, and results" {
	offers_reports zsh
}

@test "zsh completes the command that run wraps" {
	offers_wrapped_command zsh
	offers_wrapped_completion zsh
}

@test "fish offers the commands, options and values of --help, and no other" {
	offers_what_help_says fish
}

@test "fish offers the classes of residue" {
	offers_classes fish
}

@test "fish offers what can be waited for" {
	offers_conditions fish
}

@test "fish offers users where one is wanted" {
	offers_users fish
}

@test "fish offers files where they are wanted" {
	offers_files fish
}

@test "fish offers reports by their endings, and results" {
	offers_reports fish
}

@test "fish completes the command that run wraps" {
	offers_wrapped_command fish
	offers_wrapped_completion fish
}
