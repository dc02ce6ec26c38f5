package command

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main carries out the command that the process was started with and returns its exit
// code. The first signal that asks the process to end lets the command end in order, so
// that no half of a file is left behind; a second one ends the process.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// endings returns the signals that ask a process to end. One that was started to live on
// without its terminal, as by nohup, does.
func endings() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}
