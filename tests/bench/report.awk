# SPDX-License-Identifier: MIT
#
# Usage: awk -v json=FILE -v kernel=TEXT -f report.awk MEASUREMENTS
#
# Makes the table and the JSON file of `make bench` from the lines of tests/bench/measure: "NAME SECONDS [KIB]". Figures
# are medians. A row is ours beside something else, their ratio, and what that has to reach.

{
	time[$1] = time[$1] " " $2
	if (NF > 2)
		memory[$1] = memory[$1] " " $3
}

function median(list, values, count, i, j, value) {
	count = split(list, values, " ")
	for (i = 2; i <= count; i++) { # insertion: there are few
		value = values[i] + 0
		for (j = i - 1; j > 0 && values[j] + 0 > value; j--)
			values[j + 1] = values[j]
		values[j + 1] = value
	}
	return (values[int((count + 1) / 2)] + values[int(count / 2) + 1]) / 2
}

function seconds(name) { return median(time[name]) }

# `at_least` or `at_most` GOAL: what the ratio must be; an empty goal asks nothing.
function row(work, mine, beside, other, ratio, rule, goal, met, verdict, line) {
	met = goal == "" || (rule == "at least" ? ratio >= goal : ratio <= goal)
	verdict = goal == "" ? "" : met ? "yes" : "NO"
	printf "%-42s %10s   %-28s %10s %8.2f   %-14s %s\n", work, mine, beside, other, ratio,
		goal == "" ? "" : rule " " goal, verdict
	line = sprintf("    {\"work\": \"%s\", \"ours\": \"%s\", \"beside\": \"%s\", \"theirs\": \"%s\", \"ratio\": %.3f", \
		work, mine, beside, other, ratio)
	if (goal != "")
		line = line sprintf(", \"goal\": \"%s %s\", \"met\": %s", rule, goal, met ? "true" : "false")
	rows = rows (rows ? ",\n" : "") line "}"
}

function in_seconds(value) { return sprintf("%.3f s", value) }
function in_mib(kib) { return sprintf("%.1f MiB", kib / 1024) }

# How many times faster than another tool.
function faster(work, mine, beside, other, goal) {
	row(work, in_seconds(mine), beside, in_seconds(other), other / mine, "at least", goal)
}

# How many times the cost of something.
function costs(work, mine, beside, other, goal) {
	row(work, in_seconds(mine), beside, in_seconds(other), mine / other, "at most", goal)
}

function room(work, name, beside, other, goal,  mine) {
	mine = median(memory[name])
	row(work, in_mib(mine), beside, in_mib(other), mine / other, "at most", goal)
}

# Microseconds beyond the kernel's own cost.
function beyond(name, other, rules) { return (seconds(name) - other) / rules * 1e6 }

# What we add should be in proportion to the number of rules, though the kernel's own cost is not.
function linear(name, other_wide, other_deep,  wide, deep) {
	wide = beyond(name ".wide.ours", other_wide, 200000)
	deep = beyond(name ".ours", other_deep, 110000)
	row("  a rule, beyond bare netlink", sprintf("%.2f us", wide), "the same of 10,000 x 10", sprintf("%.2f us", deep),
		wide / deep, "at most", 1.5)
}

END {
	printf "%-42s %10s   %-28s %10s %8s   %-14s %s\n", "work", "ours", "beside", "", "ratio", "goal", "met"
	both = seconds("restore.bare") + seconds("snapshot.bare")
	both_wide = seconds("restore.wide.bare") + seconds("snapshot.wide.bare")

	faster("restore 10,000 x 10", seconds("restore.ours"), "ipvsadm -R, once", seconds("restore.theirs"), 130)
	costs("restore 10,000 x 10", seconds("restore.ours"), "bare netlink, with reading", both, 1.5)
	costs("restore 10,000 x 10", seconds("restore.ours"), "bare netlink, unverified", seconds("restore.bare"), "")
	faster("snapshot 10,000 x 10", seconds("snapshot.ours"), "ipvsadm -Sn", seconds("snapshot.theirs"), 3.5)
	costs("snapshot 10,000 x 10", seconds("snapshot.ours"), "bare netlink", seconds("snapshot.bare"), 1.5)
	costs("restore 100,000 x 1", seconds("restore.wide.ours"), "bare netlink, with reading", both_wide, "")
	linear("restore", both_wide, both)
	costs("snapshot 100,000 x 1", seconds("snapshot.wide.ours"), "bare netlink", seconds("snapshot.wide.bare"), "")
	linear("snapshot", seconds("snapshot.wide.bare"), seconds("snapshot.bare"))
	costs("restore of 1% changed in 110,000", seconds("difference.ours"), "flush and restore",
		seconds("flush.ours") + seconds("restore.ours"), 0.25)
	costs("restore of 1% changed in 110,000", seconds("difference.ours"), "ipvsadm -R of all",
		seconds("restore.theirs"), "")
	costs("diff of two files of 110,000", seconds("diff.ours"), "a second", 1, 1)
	costs("diff of two files of 110,000", seconds("diff.ours"), "the same of 55,000", seconds("diff.half"), 2.4)
	costs("diff of two files of 110,000", seconds("diff.ours"), "diff(1) of ipvsadm -Sn", seconds("diff.theirs"), "")
	costs("run -- true, empty table", seconds("run.ours"), "flock, ipvsadm in a script", seconds("run.theirs"), 0.333)
	if ("go.serial" in time) {
		exec_name = "go.exec" in time ? "go.exec" : "go.exec-dear"
		costs("go test -exec, 20 packages, cold" (exec_name == "go.exec" ? "" : " [1]"), seconds(exec_name), "go test -p 1",
			seconds("go.serial"), 0.6)
		if ("go.exec-likely" in time)
			costs("go test -exec, 20 packages, cold [2]", seconds("go.exec-likely"), "go test -p 1",
				seconds("go.serial"), "")
		costs("run -- go test, 20 packages, cold", seconds("go.split"), "go test -p 1", seconds("go.serial"), "")
	}
	room("peak memory, snapshot of 110,000", "snapshot.ours", "96 MiB", 96 * 1024, 1)
	room("peak memory, restore of 110,000", "restore.ours", "96 MiB", 96 * 1024, 1)
	room("peak memory, snapshot of 110,000", "snapshot.ours", "ipvsadm -Sn", median(memory["snapshot.theirs"]), "")
	room("peak memory, restore of 110,000", "restore.ours", "ipvsadm -R", median(memory["restore.theirs"]), "")

	if ("go.exec-dear" in time) {
		print "No IPVS on this host, so a program stands in (tests/bench/go-exec):"
		print "[1] it costs what ipvs-iso costs in the embedded kernel, which is too much;"
		print "[2] an estimate: less of that by as much as starting a program takes less here."
	}

	printf "{\n  \"kernel\": \"%s\",\n  \"rows\": [\n%s\n  ],\n  \"seconds\": {", kernel, rows >json
	for (name in time) {
		list = substr(time[name], 2)
		gsub(" ", ", ", list)
		printf "%s\n    \"%s\": [%s]", separator, name, list >json
		separator = ","
	}
	print "\n  }\n}" >json
}
