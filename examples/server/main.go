// Server is the reference host: the dashboard with the modules system, traffic and
// assistant, or those that its configuration lists, on SQLite. It is configured by
// flags, environment variables and one YAML file.
//
//	go run ./examples/server
//
// It prints its address and, while there is no account, the link that makes the
// first one. It stops gracefully on SIGTERM or an interrupt; the second one
// ends it at once. Run it with -h for its options.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	os.Exit(start())
}

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process as usual
	c, err := parse(os.Args[1:], os.Getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usageText())
		return 0
	case err != nil:
		complain(err)
		return exitUsage
	}
	if err := serve(ctx, c, os.Stdout, os.Stderr); err != nil {
		complain(err)
		return exitFailed
	}
	return 0
}

// complain says why in one line, whatever the error looks like.
func complain(err error) {
	fmt.Fprintln(os.Stderr, "server: "+strings.Join(strings.Fields(err.Error()), " "))
}
