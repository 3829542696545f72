#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `ipvs-iso report`, and what of `run --report` needs no IPVS. The result that is rendered has a unit for every way to end, and
# one whose name and output hold whatever a format could stumble over; independent readers look at what is made of it.

load helper

setup() {
	if [ -z "${BATS_TEST_TMPDIR-}" ]; then # bats before 1.4
		BATS_TEST_TMPDIR=$(mktemp -d)
		made_room=1
	fi
	tests=$(realpath "$BATS_TEST_DIRNAME/..")
	everything=$tests/fixtures/results/every-verdict.json
	isolate_state
}

teardown() {
	cd /
	[ -z "${made_room-}" ] || rm -rf "$BATS_TEST_TMPDIR"
}

# A run of one unit. small_result STARTED_MS NAME
small_result() {
	cat <<-JSON
		{"format": "ipvs-iso.result", "version": 1, "command": "make $2", "kernel": "uml 6.1.176", "isolation": "lock", "jobs": 1, "started_ms": $1,
		 "waited_ms": 10, "duration_ms": 100, "planned": 1, "interrupted": 0, "trouble": null, "units": [
		  {"name": "$2", "status": 0, "signal": 0, "timed_out": false, "interrupted": 0, "residue": [], "trouble": null,
		   "times_ms": {"started": 10, "waited": 10, "preparing": 1, "running": 50, "cleaning": 2}}]}
	JSON
}

# assert_error MESSAGE...: 125, nothing on stdout, and each of these on stderr.
assert_error() {
	assert_status 125
	assert_same '' "$output"
	assert_contains "$stderr" "$@"
}

@test "report: text by default, the format by -f or by the ending of -o, on standard output or in a file" {
	capture ipvs-iso report "$everything"
	assert_status 0
	assert_contains "$output" ' RESIDUE [   0.900s] leaves/a_service' ' SUMMARY 9 units: '
	assert_lacks "$output" $'\e'
	local text=$output

	ipvs-iso report -o report.txt "$everything"
	assert_same "$text" "$(cat report.txt)"
	ipvs-iso report -o report.txt -f json - <"$everything"
	cmp report.txt "$everything"
	capture ipvs-iso report -o report.yaml "$everything"
	assert_error "the endings are .txt, .json, .xml, .tap, .md, .html; with any other, name the format, as in text:FILE: text, json, junit, tap, tap13, markdown, html, github"
	capture ipvs-iso report -f yaml "$everything"
	assert_error "report: --format: there is no format 'yaml'; the formats are text, json, junit, tap, tap13, markdown, html, github"
	capture ipvs-iso report
	assert_error 'report: no result given'
}

@test "report: several files and folders become one, in the order in which units started" {
	mkdir results
	small_result 9000 last >results/1.json
	small_result 8000 first >results/2.json
	echo no result >results/3.txt
	echo unfinished >results/.4.json
	small_result 8500 middle >other.json
	capture ipvs-iso report -f json other.json results
	assert_status 0
	printf '%s\n' "$output" >merged.json
	assert_same '8000 1100 3 [["first", 10, 10], ["middle", 510, 10], ["last", 1010, 10]]' "$(/usr/bin/python3 -c 'import json
run = json.load(open("merged.json"))
print(run["started_ms"], run["duration_ms"], run["planned"], json.dumps(
    [[unit["name"], unit["times_ms"]["started"], unit["times_ms"]["waited"]] for unit in run["units"]]))')"
	# What is one can be one part of another.
	capture ipvs-iso report merged.json "$everything"
	assert_contains "$output" 'SUMMARY 12 units: 4 passed, 1 flaky, '
}

# A result of a shard as `run --shard K/N --report` writes it. shard_result K/N PLAN NAME[=STATUS]...; PLAN: names, a space between
shard_result() {
	python3 - "$@" <<-'PYTHON'
		import json, random, sys
		shard, plan, *units = sys.argv[1:]
		number, of = map(int, shard.split("/"))
		units = [unit.partition("=") for unit in units]
		print(json.dumps({
		    "format": "ipvs-iso.result", "version": 1, "command": "make", "kernel": "uml", "isolation": "lock", "jobs": 1,
		    "started_ms": 1, "waited_ms": 0, "duration_ms": 9, "planned": len(units), "shard": {"number": number, "of": of},
		    "runs": [{"id": "%032x" % random.getrandbits(128), "shard": {"number": number, "of": of}, "plan": plan.split()}],
		    "interrupted": 0, "trouble": None,
		    "units": [{"name": name, "place": plan.split().index(name), "status": int(status or 0), "signal": 0, "timed_out": False,
		               "interrupted": 0, "residue": [{"class": "services", "action": "left", "text": "-A -f 1", "fails": True}]
		               if status == "0" else [], "trouble": None,
		               "times_ms": {"started": 1, "waited": 0, "preparing": 0, "running": 0, "cleaning": 0}}
		              for name, _, status in units]}))
	PYTHON
}

@test "report --verdict: ends as the whole run would have, and without it says so" {
	shard_result 1/2 'a b c d' b d=0 >1.json
	shard_result 2/2 'a b c d' a c >2.json
	# What was left; what failed before what was left; the first of those that failed in the given order.
	capture ipvs-iso report --verdict 1.json 2.json
	assert_status 123
	assert_same 'ipvs-iso: 4 units: 3 passed, 1 left residue' "$stderr"
	shard_result 2/2 'a b c d' a c=7 >2.json
	capture ipvs-iso report --verdict 1.json 2.json
	assert_status 7
	shard_result 1/2 'a b c d' d=9 b=5 >1.json
	capture ipvs-iso report --verdict 2.json 1.json
	assert_status 5
	capture ipvs-iso report 2.json 1.json
	assert_status 0
	assert_same $'ipvs-iso: 4 units: 1 passed, 3 failed\n          one run of them would have ended with 5, as '"'report --verdict' does" "$stderr"
	capture ipvs-iso report -q 2.json 1.json
	assert_same '' "$stderr"
	# One that is well says nothing.
	shard_result 1/2 'a b c d' b d >1.json
	shard_result 2/2 'a b c d' a c >2.json
	capture ipvs-iso report --verdict 1.json 2.json
	assert_status 0
	assert_same '' "$stderr"
	# And what was joined is as good as its parts.
	ipvs-iso report -o joined.json 1.json 2.json
	ipvs-iso report --verdict joined.json
	python3 - "$tests/../share/schema/result.schema.json" 1.json joined.json <<-'PYTHON'
		import json, jsonschema, sys
		schema, *results = (json.load(open(name)) for name in sys.argv[1:])
		for result in results:
		    jsonschema.validate(result, schema)
	PYTHON
}

@test "report --verdict: 125 where a shard is missing or there twice, plans differ, or units are in no file; the report is written" {
	local said
	shard_result 1/3 'a b c' a >1.json
	shard_result 2/3 'a b c' b >2.json
	shard_result 3/3 'a b c' c >3.json
	cp 1.json same.json
	shard_result 1/3 'a b c' a >again.json
	shard_result 3/3 'a b d' d >other.json
	shard_result 3/3 'a b c' >short.json
	# check_fault LINE RESULT...
	check_fault() {
		local line=$1
		shift
		rm -f out.xml
		capture ipvs-iso report -q --verdict -o out.xml "$@"
		assert_status 125
		assert_contains "$stderr" "ipvs-iso: $line"
		xmllint --noout out.xml
		capture ipvs-iso report -o out.xml "$@"
		assert_status 0
		assert_contains "$stderr" "ipvs-iso: $line" 'would have ended with 125'
	}
	check_fault 'shard 2 of 3 is missing' 1.json 3.json
	assert_contains "$stderr" 'ipvs-iso: 1 unit that was planned is in no result: b'
	check_fault 'shard 1 of 3 is there twice: 1.json, again.json' 1.json again.json 2.json 3.json
	check_fault 'the result of one run is there twice: 1.json, same.json' 1.json same.json 2.json 3.json
	assert_same 3 "$(grep -c '<testcase' out.xml)"
	check_fault 'these are results of different plans: 1.json is shard 1 of 3, other.json is shard 3 of 3' 1.json 2.json other.json
	assert_contains "$stderr" 'only planned in 1.json: c' 'only planned in other.json: d'
	check_fault '1 unit that was planned is in no result: c' 1.json 2.json short.json
	# Results of before there were plans.
	small_result 1 one | sed 's/"planned": 1/"planned": 2/' >old.json
	check_fault 'of 2 units that were planned 1 are in no result' old.json
	small_result 1 one | sed 's/"interrupted": 0, "trouble"/"shard": {"number": 1, "of": 2}, &/' >old.json
	check_fault 'shard 2 of 2 is missing' old.json
	small_result 1 one >old.json
	check_fault 'the result of one run is there twice: old.json, old.json' old.json old.json
	ipvs-iso report --verdict old.json
}

@test "report: what is no result is named by its place, and nothing is written" {
	echo old >out.json
	echo '{"format": "ipvs-iso.snapshot", "version": 1}' >snapshot.json
	capture ipvs-iso report -o out.json snapshot.json
	assert_error 'ipvs-iso: snapshot.json:1:12: format: must be "ipvs-iso.result", not "ipvs-iso.snapshot"'
	small_result 1 newer | sed 's/"version": 1/"version": 2/' >newer.json
	capture ipvs-iso report -o out.json newer.json
	assert_error 'newer.json:1:42: version: is 2, and this program reads only version 1'
	small_result 1 cut | head -2 >cut.json
	capture ipvs-iso report -o out.json cut.json
	assert_error 'cut.json:3:1: the text ends before the result does: it has been cut short'
	capture ipvs-iso report -o out.json - <<<'no JSON'
	assert_error 'standard input:1:1: not JSON'
	mkdir empty
	capture ipvs-iso report -o out.json empty
	assert_error 'there is no result in the folder empty'
	capture ipvs-iso report -o out.json missing.json
	assert_error 'cannot open missing.json: No such file or directory'
	capture ipvs-iso report -o missing/out.json "$everything"
	assert_error 'cannot write missing/out.json: No such file or directory'
	assert_same old "$(cat out.json)"
}

@test "report: json is valid by its schema, as is what the tests read" {
	small_result 8000 one >one.json
	ipvs-iso report -o merged.json one.json "$everything"
	/usr/bin/python3 - "$tests/../share/schema/result.schema.json" "$everything" one.json merged.json <<-'PYTHON'
		import json, jsonschema, sys
		schema, *results = (json.load(open(name)) for name in sys.argv[1:])
		jsonschema.Draft202012Validator.check_schema(schema)
		for result in results:
		    jsonschema.validate(result, schema)
		results[0]["units"][0]["residue"] = [{}]
		assert not jsonschema.Draft202012Validator(schema).is_valid(results[0])
	PYTHON
}

@test "report: a real result with units that were run again, its order and its shard" {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	capture timeout 60 ipvs-iso run --kernel uml --order shuffle:7 --shard 1/1 --repeat 2 --retries 1 --unit good --unit flaky --unit bad \
		--report run.json -- sh -c '[ {} = good ] || { [ {} = flaky ] && [ -e seen ]; } || { : >seen; echo "no {}"; exit 3; }'
	assert_status 3
	ipvs-iso report -o run.xml run.json
	xmllint --noout --schema "$tests/fixtures/junit.xsd" run.xml
	/usr/bin/python3 - "$tests/../share/schema/result.schema.json" <<-'PYTHON'
		import json, jsonschema, sys
		import xml.etree.ElementTree as tree
		schema, result = (json.load(open(name)) for name in (sys.argv[1], "run.json"))
		jsonschema.validate(result, schema)
		assert result["seed"] == 7 and result["shard"] == {"number": 1, "of": 1}
		units = {unit["name"]: (unit["verdict"], unit["attempts"]) for unit in result["units"]}
		assert len(units) == len(result["units"]) == 6
		for name, outcome in units.items():
		    earlier = next(unit for unit in result["units"] if unit["name"] == name).get("earlier", [])
		    assert [attempt["attempts"] for attempt in earlier] == list(range(1, outcome[1])), earlier
		    for attempt in earlier:
		        assert attempt["status"] == 3 and attempt["output"]["bytes"] == "no " + name[:-3] + "\n", earlier
		    assert name[:-1] != "good #" or outcome == ("passed", 1), units
		    assert name[:-1] != "bad #" or outcome == ("failed", 2), units
		cases = [case.get("name") for case in tree.parse("run.xml").iter("testcase")]
		assert sorted(cases) == sorted(units)
		remarks = [element.text for element in tree.parse("run.xml").iter("system-err")]
		assert len(remarks) >= 2 and all("\nattempt 1: exit status 3\nno " in text for text in remarks), remarks
		for old, wrong in ("seed", 2 ** 32), ("seed", "7"), ("shard", {"number": 1}), ("shard", {"number": 0, "of": 1}):
		    assert not jsonschema.Draft202012Validator(schema).is_valid(result | {old: wrong})
		result["units"][0]["attempts"] = 0
		assert not jsonschema.Draft202012Validator(schema).is_valid(result)
	PYTHON
}

@test "report: junit is valid by Jenkins' rules, and its text is what was there" {
	ipvs-iso report -o report.xml "$everything"
	xmllint --noout --schema "$tests/fixtures/junit.xsd" report.xml
	# The same unit in two runs.
	small_result 1 one >one.json
	ipvs-iso report -f junit one.json one.json | xmllint --noout --schema "$tests/fixtures/junit.xsd" -
	# The schema refuses what it should.
	sed 's/ name="clean"//' report.xml >wrong.xml
	! xmllint --noout --schema "$tests/fixtures/junit.xsd" wrong.xml || return 1
	/usr/bin/python3 - <<-'PYTHON'
		import xml.etree.ElementTree
		case = xml.etree.ElementTree.parse("report.xml").find(".//testcase[6]")
		assert case.get("name").startswith("name <&]]>\"'\n::%,|`*_#@\\ \u241b[31m\u2421\ufffd"), case.get("name")
		assert "process 900: <&]]>\"'\n::" in case.find("failure").get("message")
		assert case.find("failure").text == case.find("failure").get("message")
	PYTHON
}

@test "report: tap is TAP 14, and its diagnostics are YAML" {
	ipvs-iso report -o report.tap "$everything"
	/usr/bin/python3 - <<-'PYTHON'
		import re, yaml
		lines = iter(open("report.tap", encoding="utf-8", newline="\n").read().split("\n"))
		assert next(lines) == "TAP version 14" and next(lines) == "1..9"
		points = []
		for line in lines:
		    if point := re.fullmatch(r"ok (\d+) - .* # SKIP not reached: signal 2 \(Interrupt\) ended the run", line):
		        points.append((True, int(point[1]), None, None))
		    elif point := re.fullmatch(r"(not )?ok (\d+) - ((?:[^#\\]|\\.)*)", line):
		        assert next(lines) == "  ---"
		        block = []
		        while (line := next(lines)) != "  ...":
		            assert line.startswith("  ")
		            block.append(line[2:])
		        points.append((not point[1], int(point[2]), re.sub(r"\\(.)", r"\1", point[3]), yaml.safe_load("\n".join(block))))
		    else:
		        assert line == "" or line.startswith("# ") or line == "Bail out! ended early by signal 2 (Interrupt)", line
		assert [point[1] for point in points] == list(range(1, 10))
		assert [point[0] for point in points] == [True, False, True, False, False, False, False, True, True]
		nasty = "<&]]>\"'\n::%,|`*_#@\\ \u241b[31m\u2421\ufffd\ufffd\ufffd\ufffd\ufffd\u240d\t\u20ac"
		assert points[5][2] == "name " + nasty.replace("\n", "\u240a").replace("\t", "\u2409")
		assert points[5][3]["residue"] == [{"class": "processes", "action": "left", "fails": True, "text": "process 900: " + nasty}]
		assert points[3][3]["output"] == "  not ok 1 of " + nasty + "\n\nend"
	PYTHON
}

@test "report: tap13 is what prove takes, whatever is in it; where it refuses 14, that is why it is there" {
	small_result 1 one >one.json
	ipvs-iso report -o tap13:one.tap one.json
	assert_same 'TAP version 13' "$(head -1 one.tap)"
	prove -Q -e cat one.tap
	# All but the first line is the same.
	ipvs-iso report -f tap13 "$everything" >13.tap
	ipvs-iso report -f tap "$everything" | sed '1s/14/13/' | cmp - 13.tap
	capture prove -e cat 13.tap
	assert_contains "$output" 'Failed tests:  2, 4-7'
	assert_lacks "$output" 'Unknown TAP token'
}

@test "report: -o FORMAT:FILE, a pipe, and descriptors that somebody else opened" {
	mkfifo pipe
	cat pipe >received &
	ipvs-iso report -o json:pipe "$everything"
	wait $!
	cmp received "$everything"
	{ echo before; ipvs-iso report -o json:/dev/stdout "$everything"; echo behind; } >out
	{ echo before; cat "$everything"; echo behind; } | cmp - out
	ipvs-iso report -o json:/dev/fd/7 "$everything" 7>&1 >out | cmp - "$everything"
	capture ipvs-iso report -o - "$everything"
	local text=$output
	capture ipvs-iso report -o /dev/stdout "$everything"
	assert_same "$text" "$output"
	ipvs-iso report -o /dev/null -f json "$everything"
	capture ipvs-iso report -o json:/dev/fd/77 "$everything"
	assert_error 'cannot write /dev/fd/77: Bad file descriptor'
}

@test "report: html is well-formed, and every part of it has a name for those who do not see it" {
	ipvs-iso report -o report.html "$everything"
	xmllint --noout report.html
	/usr/bin/python3 - <<-'PYTHON'
		import xml.etree.ElementTree as tree
		html = "{http://www.w3.org/1999/xhtml}"
		page = tree.parse("report.html").getroot()
		ids = [element.get("id") for element in page.iter() if element.get("id")]
		assert len(ids) == len(set(ids))
		for element in page.iter():
		    assert element.get("aria-labelledby", ids[0]) in ids
		    assert element.get("href", "#" + ids[0])[1:] in ids
		    if element.tag in (html + "section", html + "article"):
		        assert element.get("aria-labelledby")
		    if element.tag == html + "details":
		        assert element[0].tag == html + "summary"
		    if element.tag == html + "th":
		        assert element.get("scope") in ("row", "col")
		assert len(page.findall(".//" + html + "h1")) == 1 and page.get("lang") == "en"
		# The timeline for the eye, and the same for everybody.
		hidden = page.find(".//*[@aria-hidden='true']")
		assert len(hidden.findall("./" + html + "div")) == 9 # the axis, the run, seven units
		table = page.find(".//" + html + "details/" + html + "div/" + html + "table/" + html + "tbody")
		assert [row[0].text for row in table][:2] == ["clean", "leaves/a_service"]
		assert [cell.text for cell in table[1]][1:] == ["RESIDUE", "2.200", "0.020", "0.900", "0.030"]
	PYTHON
}

@test "report: the colours of html have the contrast that WCAG asks for, light and dark" {
	ipvs-iso report -o report.html "$everything"
	/usr/bin/python3 - <<-'PYTHON'
		import re
		style = re.search("<style>(.*)</style>", open("report.html").read(), re.S)[1]
		light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", part)) for part in
		               (style[:style.index("@media")], style[style.index("@media"):style.index("* {")]))
		assert len(light) == len(dark) == 16
		def luminance(color):
		    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
		    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
		    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
		    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
		def contrast(a, b):
		    a, b = sorted((luminance(a), luminance(b)))
		    return (b + 0.05) / (a + 0.05)
		texts = [("ink", "paper"), ("ink", "soft"), ("faint", "paper"), ("link", "paper"), ("good", "odd-soft"), ("bad", "odd-soft")]
		for kind in "good", "bad", "odd":
		    texts += [(kind, kind + "-soft"), (kind, "paper"), ("ink", kind + "-soft")]
		bars = [(bar, "paper") for bar in ("good-bar", "bad-bar", "odd-bar", "phase")]
		for colors in light, dark:
		    for least, pairs in (4.5, texts), (3, bars):
		        for front, back in pairs:
		            assert contrast(colors[front], colors[back]) >= least, (front, back, contrast(colors[front], colors[back]))
	PYTHON
}

@test "report: a browser shows the html without asking anybody for anything" {
	local browser
	browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip 'there is no Chromium here'
	ipvs-iso report -o report.html "$everything"
	# Whatever it would fetch, it would get from this proxy, where nobody is.
	local options=(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$PWD/profile"
		--proxy-server=127.0.0.1:1 --enable-logging=stderr)
	HOME=$PWD timeout 60 "$browser" "${options[@]}" --dump-dom "file://$PWD/report.html" >dom.html 2>log </dev/null
	assert_contains "$(cat dom.html)" '9 units: 1 passed, 1 flaky' 'leaves/a_service' 'Made by ipvs-iso'
	! grep CONSOLE log || return 1
}

@test "report -f github: annotations, and Markdown behind what is in the job's summary" {
	echo '# before' >summary.md
	GITHUB_STEP_SUMMARY=$PWD/summary.md capture ipvs-iso report -f github "$everything"
	assert_status 0
	assert_contains "$output" '::error title=RESIDUE leaves/a_service::left residue%0Aservices left: -A -u 10.2.0.1:53 -s wrr%0A'
	assert_same "# before"$'\n'"$(ipvs-iso report -f markdown "$everything")" "$(cat summary.md)"
	GITHUB_STEP_SUMMARY='' ipvs-iso report -f github "$everything" >again
	assert_same "$output" "$(cat again)"
	GITHUB_STEP_SUMMARY=$PWD/missing/summary.md capture ipvs-iso report -f github "$everything"
	assert_status 125
	assert_contains "$stderr" 'GITHUB_STEP_SUMMARY: cannot write ' ': No such file or directory'
}

@test "report -f github: a summary that would be too long says that outputs are left out" {
	python3 - "$everything" >outputs.json <<-'PYTHON'
		import json, sys
		run = json.load(open(sys.argv[1]))
		failed = next(unit for unit in run["units"] if unit["status"] == 3 or unit["status"] == 1)
		failed["output"] = {"bytes": "x" * 60000, "dropped": 0}
		run["units"] += [dict(failed, name=f"more {i}") for i in range(200)]
		run["planned"] = len(run["units"])
		run.pop("runs", None)
		print(json.dumps(run))
	PYTHON
	local note='The outputs are left out: with them this would be longer than GitHub takes.'
	GITHUB_STEP_SUMMARY=$PWD/summary.md ipvs-iso report -q -f github outputs.json >/dev/null
	capture cat summary.md
	assert_contains "$output" "$note" 'more 199'
	assert_lacks "$output" xxxxxxxxxx
	capture ipvs-iso report -q -f markdown "$everything"
	assert_lacks "$output" "$note"
}

@test "run --report: what cannot be written is said before anything runs" {
	capture ipvs-iso run --report report.yaml -- touch ran
	assert_error "run: --report: the ending of 'report.yaml' is of no format of reports; the endings are .txt, .json, .xml, .tap, .md, .html; with any other, name the format, as in text:FILE: text, json, junit, tap, tap13, markdown, html, github"
	capture ipvs-iso run --report good.json --report missing/report.xml -- touch ran
	assert_error 'run: --report: cannot write missing/report.xml: No such file or directory'
	mkdir folder.html
	capture ipvs-iso run --report folder.html -- touch ran
	assert_error 'cannot write folder.html: Is a directory'
	IPVS_ISO_REPORT_DIR=results capture ipvs-iso run -- touch ran
	assert_error "IPVS_ISO_REPORT_DIR: 'results' is not an absolute path"
	IPVS_ISO_REPORT_DIR=$PWD/missing/results capture ipvs-iso run -- touch ran
	assert_error "cannot make the directory $PWD/missing/results: No such file or directory"
	assert_same 'folder.html' "$(ls -A)"
}

@test "report: of a directory only regular files are read; pipes are for those who name them" {
	local name
	mkdir results
	small_result 1 one >results/one.json
	ln -s "$PWD/results/one.json" link.json
	ipvs-iso report results >/dev/null
	ln -s "$PWD/link.json" results/two.json
	ipvs-iso report results >/dev/null
	for name in pipe zero directory; do
		case $name in
		pipe) mkfifo results/$name.json ;;
		zero) ln -s /dev/zero results/$name.json ;;
		directory) mkdir results/$name.json ;;
		esac
		capture timeout 20 ipvs-iso report results
		assert_error "cannot read results/$name.json: it is no regular file"
		rm -r results/$name.json
	done
	mkfifo pipe.json
	small_result 1 one >pipe.json &
	ipvs-iso report pipe.json >/dev/null
	ipvs-iso report <(small_result 1 one) >/dev/null
}

@test "report -f github: a pipe in GITHUB_STEP_SUMMARY gets it where somebody reads, and holds nobody who is to end" {
	mkfifo summary
	cat summary >got &
	GITHUB_STEP_SUMMARY=$PWD/summary ipvs-iso report -f github "$everything" >/dev/null
	wait
	assert_contains "$(<got)" '9 units'
	GITHUB_STEP_SUMMARY=/dev/stdout capture ipvs-iso report -f github "$everything"
	assert_contains "$output" '9 units'
	# Nobody reads.
	GITHUB_STEP_SUMMARY=$PWD/summary background ipvs-iso report -f github "$everything"
	wait_until grep -qx ipvs-iso "/proc/$job/comm" # a shell that is killed before has made no job.stdout
	kill -TERM "$job"
	wait_for_job
	assert_status 143
}

# What a run that never began says in a report. reported STATUS TEXT... -- ARGUMENT...
reported() {
	local wanted=$1 texts=()
	while shift && [ "$1" != -- ]; do texts+=("$1"); done
	shift
	capture ipvs-iso run --report early.json --report early.xml "$@"
	assert_status "$wanted"
	capture ipvs-iso report early.json
	assert_status 0
	assert_contains "$output" "${texts[@]}"
	capture python3 -c 'import xml.etree.ElementTree as tree; print(tree.parse("early.xml").getroot().attrib["tests"])'
	assert_status 0
	capture ipvs-iso report --verdict early.json
	assert_status "$wanted"
	rm early.json early.xml
}

@test "run --report: what ends a run before its first unit is in the report" {
	cd "$BATS_TEST_TMPDIR"
	reported 125 'missing.rules: No such file' -- --fixture missing.rules -- true
	# Nothing is run by --list, and so nothing reported.
	capture ipvs-iso run --list --report early.json --fixture missing.rules -- true
	assert_status 125
	[ ! -e early.json ]
	host_has_ipvs || reported 125 'IPVS' -- --kernel host -- true
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	reported 125 'exit status 3' -- --kernel uml --units-from 'exit 3' -- true
	mkdir -p .ipvs-iso/runners
	printf '# command: make\n# options: -\nlist() { echo no rule >&2; exit 4; }\nrun() { :; }\n' >.ipvs-iso/runners/tree.sh
	reported 4 'FAIL' 'make check: exit status 4' -- --kernel uml -- make check
}

@test "run --report: a shard without units has a report, and is none that is missing" {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	cd "$BATS_TEST_TMPDIR"
	local k empty
	for k in 1 2; do
		[ -n "$(ipvs-iso run -q --list --shard $k/2 --unit a -- true)" ] || empty=$k
	done
	ipvs-iso run -q --kernel uml --shard "$empty/2" --unit a --report empty.json -- true
	shard_result $((3 - empty))/2 a a >other.json
	capture ipvs-iso report --verdict empty.json other.json
	assert_status 0
	assert_same '' "$stderr"
	capture ipvs-iso report --verdict empty.json
	assert_status 125
	assert_contains "$stderr" "shard $((3 - empty)) of 2 is missing" '1 unit that was planned is in no result: a'
}
