# SPDX-License-Identifier: MIT
# Completion of ipvs-iso(8) for fish.

# The command on the line so far; nothing where there is none yet.
function __ipvs_iso_command
    for word in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end

function __ipvs_iso_has_no_command
    set -l command (__ipvs_iso_command)
    test -z "$command"
end

# The words of the command that `run` wraps, before the one that is being completed. Fails where it has not begun: where
# an option, or an option's value, may stand.
function __ipvs_iso_wrapped
    set -l command (__ipvs_iso_command)
    test "$command" = run; or return
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- run $words)]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                string join \n -- $words
                return 0
            case -k --kernel -i --isolation -j --jobs -w --wait --unit --units-from --order --repeat --shard --retries \
                --fixture --timeout --kill-after --fail-on --stdin --output --report --user --memory --guest-timeout
                # The value may be the word that is being completed.
                set -q words[2]; or return 1
                set -e words[1..2]
            case '-*'
                set -e words[1]
            case '*'
                string join \n -- $words
                return 0
        end
    end
    return 1
end

# __ipvs_iso_options_of COMMAND...: whether options of one of these may stand here.
function __ipvs_iso_options_of
    set -l command (__ipvs_iso_command)
    contains -- "$command" $argv; and not __ipvs_iso_wrapped >/dev/null
end

# Whether a word here belongs to the command that `run` wraps.
function __ipvs_iso_wraps
    set -l command (__ipvs_iso_command)
    test "$command" = run; or return
    __ipvs_iso_wrapped >/dev/null; or not string match -q -- '-*' (commandline -ct)
end

function __ipvs_iso_complete_wrapped
    set -l line (string join ' ' -- (string escape -- (__ipvs_iso_wrapped)) (commandline -ct))
    complete -C "$line"
end

# What has been chosen already, up to the last comma, with each class behind it.
function __ipvs_iso_classes
    set -l before (string match -r -- '^(?:--fail-on=)?(.*,)' (commandline -ct))[2]
    printf '%s\n' "$before"{services,destinations,timeouts,daemons,sysctl,processes,connections,all,none}
end

function __ipvs_iso_conditions
    set -l word (string match -r -- '^(?:--until=)?((?:equals|contains)=)(.*)' (commandline -ct))
    if set -q word[2]
        printf '%s\n' $word[2](__fish_complete_path $word[3])
    else
        printf '%s\n' equals= contains= services=
    end
end

# A file with one of the endings, or what is no file.
function __ipvs_iso_reports
    set -l word (string replace -- --report= '' (commandline -ct))
    set -l stem (string replace -r -- '(?<=[^/])\.[^/.]*$' '' $word)
    echo github
    string match -q -r -- '[^/]$' $stem; and printf '%s\n' $stem.{html,json,md,tap,txt,xml}
    __fish_complete_path $word
end

# Results of runs, and folders of such.
function __ipvs_iso_results
    __fish_complete_path (commandline -ct) | string match -r -- '^[^\t]*(?:/|\.json)(?:\t.*)?$'
end

complete -c ipvs-iso -f

complete -c ipvs-iso -n __ipvs_iso_has_no_command -a run -d 'Run a test command on a clean table, unit by unit'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a snapshot -d 'Write the live table as JSON'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a restore -d 'Make the live table equal a snapshot'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a diff -d 'Show what would make one table equal to another'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a flush -d 'Empty the table'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a check -d 'Tell whether the live table is clean, or equals a snapshot'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a wait -d 'Wait until the live table is what a test expects'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a savepoint -d 'Inside a run, give the table a name to roll back to'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a rollback -d 'Inside a run, make the table what it was at a savepoint'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a release -d 'Inside a run, drop a savepoint'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a status -d 'Show the lock, the journal, and which kernels and isolations work'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a recover -d 'Put back the table of a run that was killed'
complete -c ipvs-iso -n __ipvs_iso_has_no_command -a report -d 'Render the results of runs'

complete -c ipvs-iso -n 'not __ipvs_iso_wrapped >/dev/null' -s h -l help -d 'Show the usage and options'
complete -c ipvs-iso -n 'not __ipvs_iso_wrapped >/dev/null' -s V -l version -d 'Show the version'

set -l commands run snapshot restore diff flush check wait savepoint rollback release status recover report
complete -c ipvs-iso -n "__ipvs_iso_options_of $commands" -s q -l quiet -d 'Say nothing but what was asked for, and errors'
complete -c ipvs-iso -n "__ipvs_iso_options_of $commands" -s v -l verbose -d 'Say more'

set -l takers run restore flush savepoint rollback release recover
complete -c ipvs-iso -n "__ipvs_iso_options_of $takers" -s w -l wait -x -d 'How long to wait for the lock'

complete -c ipvs-iso -n '__ipvs_iso_options_of run' -s k -l kernel -xa 'auto host uml' -d 'Whose IPVS to use'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -s i -l isolation -xa 'lock netns' -d 'Who shares a table'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -s j -l jobs -x -d 'How many units at once'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l unit -r -F -d 'Run the command for this unit'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l units-from -xa '(__fish_complete_command)' -d 'A unit for each line that this prints'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l no-split -d 'Run the command whole, as one unit'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l list -d 'Print the units, and run none'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l order -xa 'listed shuffle' -d 'In what order the units run'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l repeat -x -d 'Run all units several times'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l shard -x -d 'Run only one of several shares of the units'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l fail-fast -d 'End the run with the first unit that does not pass'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l retries -x -d 'Run a unit that failed again'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l fixture -r -F -d 'A snapshot that is loaded before each unit'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l timeout -x -d 'End a unit that runs longer'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l kill-after -x -d 'How long a unit may take to obey SIGTERM'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l fail-on -xa '(__ipvs_iso_classes)' -d 'Which residue fails the run'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l stdin -xa 'inherit none' -d 'Whose standard input units have'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l output -xa 'always on-failure never' -d "Which units' output is shown"
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l keep -d 'Do not flush first'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l report -xa '(__ipvs_iso_reports)' -d 'Write the results to a file'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l user -xa '(__fish_complete_users)' -d 'Run the command as that user'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l memory -x -d 'How much memory the embedded kernel has'
complete -c ipvs-iso -n '__ipvs_iso_options_of run' -l guest-timeout -x -d 'How long an embedded kernel may be silent'
complete -c ipvs-iso -n __ipvs_iso_wraps -a '(__ipvs_iso_complete_wrapped)'

complete -c ipvs-iso -n '__ipvs_iso_options_of snapshot' -s o -l output -r -F -d 'Write to a file'
complete -c ipvs-iso -n '__ipvs_iso_options_of snapshot' -s f -l format -xa 'json ipvsadm' -d 'Which format'
complete -c ipvs-iso -n '__ipvs_iso_options_of snapshot' -l stats -d 'Add what the kernel has counted'
complete -c ipvs-iso -n '__ipvs_iso_options_of restore' -l plan -d 'Print what would be changed, and change nothing'
complete -c ipvs-iso -n '__ipvs_iso_options_of restore' -l merge -d 'Add and change, but remove nothing'
complete -c ipvs-iso -n '__ipvs_iso_options_of diff' -s f -l format -xa 'text json' -d 'How to print the differences'
complete -c ipvs-iso -n '__ipvs_iso_options_of diff' -a live -d "The kernel's table"
complete -c ipvs-iso -n '__ipvs_iso_options_of restore diff check' -F
complete -c ipvs-iso -n '__ipvs_iso_options_of report' -xa '(__ipvs_iso_results)'

complete -c ipvs-iso -n '__ipvs_iso_options_of wait' -s u -l until -xa '(__ipvs_iso_conditions)' -d 'What to wait for'
complete -c ipvs-iso -n '__ipvs_iso_options_of wait' -s s -l stable -x -d 'How long it must have been so'
complete -c ipvs-iso -n '__ipvs_iso_options_of wait' -s t -l timeout -x -d 'How long to wait'
complete -c ipvs-iso -n '__ipvs_iso_options_of recover' -l kill -d 'First end what a killed run left running'

complete -c ipvs-iso -n '__ipvs_iso_options_of report' -s f -l format -xa 'text json junit tap tap13 markdown html github' -d 'What to write'
complete -c ipvs-iso -n '__ipvs_iso_options_of report' -s o -l output -r -F -d 'Write to a file'
complete -c ipvs-iso -n '__ipvs_iso_options_of report' -l verdict -d 'End with the status of the whole'
