package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"vsphere-ha/lab/toolchain/command/capture"
)

// Time that a cancelled command has to end by itself after SIGTERM, before it is killed.
const cancelGrace = 10 * time.Second

// Logging names the streams that are shown while a command runs.
type Logging string

// Values lists the values of Logging.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: "stdout"},
		{Name: "Stderr", Value: "stderr"},
		{Name: "StdoutAndStderr", Value: "stdoutAndStderr"},
		{Name: "None", Value: "none"},
	}
}

type processArgs struct {
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
}

type processResult struct {
	Stdout  string                           `pulumi:"stdout"`
	Stderr  string                           `pulumi:"stderr"`
	Assets  *map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                `pulumi:"archive,optional"`
}

func run(ctx context.Context, command string, args processArgs, previous processResult) (processResult, error) {
	show, err := capture.ParseStreams(args.Logging)
	if err != nil {
		return previous, err
	}
	output := capture.New(ctx, show)

	argv := []string{"/bin/sh", "-c"}
	if args.Interpreter != nil && len(*args.Interpreter) > 0 {
		argv = append([]string(nil), *args.Interpreter...)
	}
	argv = append(argv, command)
	process := exec.CommandContext(ctx, argv[0], argv[1:]...)
	process.Stdout, process.Stderr = output.Stdout(), output.Stderr()
	process.Env = environment(os.Environ(), args, previous)
	if args.Dir != nil {
		process.Dir = *args.Dir
	}
	if args.Stdin != nil {
		process.Stdin = strings.NewReader(*args.Stdin)
	}
	endGroupOnCancel(process)

	if err := process.Run(); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(errors.New("cancelled"), err)
		}
		return previous, output.Failed(err, command)
	}

	var result processResult
	result.Stdout, result.Stderr = output.Result()
	if err := collectFiles(&result, process.Dir, args); err != nil {
		return previous, err
	}
	return result, nil
}

// A shell's children outlive it when only the shell is killed, so the command gets a process group of its own.
func endGroupOnCancel(process *exec.Cmd) {
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.WaitDelay = cancelGrace
	process.Cancel = func() error {
		group := -process.Process.Pid
		time.AfterFunc(cancelGrace, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
		return syscall.Kill(group, syscall.SIGTERM)
	}
}

func environment(base []string, args processArgs, previous processResult) []string {
	env := append([]string(nil), base...)
	if args.Environment != nil {
		for name, value := range *args.Environment {
			env = append(env, fmt.Sprintf("%s=%s", name, value))
		}
	}
	if args.AddPreviousOutputInEnv == nil || *args.AddPreviousOutputInEnv {
		if previous.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+previous.Stdout)
		}
		if previous.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+previous.Stderr)
		}
	}
	return env
}
