// Command virga works on a closed database: import, export, find, count, stats
// and check. Run it without arguments for help.
package main

import (
	"os"

	"github.com/virgadb/virga/cmd/virga/command"
)

func main() { os.Exit(command.Main()) }
