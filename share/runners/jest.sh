# SPDX-License-Identifier: MIT
# jest: a unit for each file.
# command: jest
# command: npx jest
# command: yarn jest
# command: pnpm jest
# options: -c= --config= --ci -i --runInBand -w= --maxWorkers= --rootDir= --env= --verbose --silent --color --colors
# options: --no-color -t= --testNamePattern= --testTimeout= --passWithNoTests --forceExit --detectOpenHandles
# options: --no-cache --expand -e

list() { "$@" --listTests >"$scratch/files" && LC_ALL=C sort "$scratch/files" | sed "s|^$PWD/||"; }

run() { exec "$@" --runTestsByPath "$unit"; }
