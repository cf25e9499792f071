// Command vcenter simulates a vCenter with its hosts, their management controllers and their guests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/vc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "vcenter: %v\n", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("vcenter", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it all, in one line
	file := flags.String("config", "", "JSON `FILE` with the settings of the lab")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" {
		return errors.New("--config FILE is missing")
	}
	cfg, err := config.Load(*file, os.Getenv)
	if err != nil {
		return err
	}
	sim, err := vc.New(cfg)
	if err != nil {
		return err
	}
	defer sim.Close()
	if err := sim.Listen(); err != nil {
		return err
	}
	fmt.Println(`{"ready":true}`)
	<-ctx.Done()
	return nil
}
